cat /opt/text.txt
exec wordcount < /opt/text.txt
