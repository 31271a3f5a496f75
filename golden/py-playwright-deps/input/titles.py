import sys

from playwright.sync_api import sync_playwright

with sync_playwright() as playwright:
    page = playwright.firefox.launch().new_page()
    for address in sys.argv[1:]:
        page.goto(address)
        print(page.title())
