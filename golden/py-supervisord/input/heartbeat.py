import time

while True:
    print("heartbeat")
    time.sleep(5)
