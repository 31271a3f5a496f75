from django.http import HttpResponse
from django.urls import path
from django.utils.translation import gettext


def welcome(request):
    return HttpResponse(gettext("Welcome to the inn"))


urlpatterns = [path("", welcome)]
