"""How soon a page of the console shows something in a real Chromium: the median of eleven loads, in milliseconds.

paint.py BASE PATH TOKEN-FILE
"""
import pathlib
import statistics
import sys

from selenium import webdriver
from selenium.webdriver.common.by import By

base, path, token = sys.argv[1:]
options = webdriver.ChromeOptions()
options.binary_location = "/usr/bin/chromium"
for word in ["--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--disable-background-networking"]:
    options.add_argument(word)
driver = webdriver.Chrome(options=options, service=webdriver.ChromeService("/usr/bin/chromedriver"))
try:
    driver.get(base + "/sign-in")
    driver.find_element(By.CSS_SELECTOR, "input[type=password]").send_keys(pathlib.Path(token).read_text().strip())
    driver.find_element(By.CSS_SELECTOR, "main form button").click()
    times = []
    for _ in range(11):
        driver.get(base + path)
        # It may come after the load has ended.
        times.append(driver.execute_async_script(
            "const done = arguments[0];"
            "new PerformanceObserver(list => list.getEntriesByName('first-contentful-paint').forEach(e => done(e.startTime)))"
            ".observe({type: 'paint', buffered: true})"))
    rows = driver.execute_script("return document.querySelectorAll('main tbody tr').length")
    print(f"{statistics.median(times):.0f} ms (longest {max(times):.0f} ms), {rows} rows")
finally:
    driver.quit()
