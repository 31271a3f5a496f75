from django.contrib.contenttypes.models import ContentType
from django.shortcuts import render
from django.urls import path


def index(request):
    unknown = ContentType.objects.filter(app_label="nobody").count()
    return render(request, "index.html", {"unknown": unknown})


urlpatterns = [path("", index)]
