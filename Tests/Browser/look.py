"""Looks at the console with a real Chromium: faults of accessibility, of the content security policy and of escaping, life
without JavaScript and with it; pictures of each page. Says what is wrong, and ends with 1 when something is.

look.py BASE PICTURES WORK TOKEN PAGE...: address of the console, folder for pictures, a clone that may push, an operator's token,
paths of pages.
"""
import os
import pathlib
import subprocess
import sys
import time

from axe_core_python.selenium import Axe
from selenium import webdriver
from selenium.common.exceptions import NoAlertPresentException
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.wait import WebDriverWait

base, pictures, work, token, *pages = sys.argv[1:]
folder = pathlib.Path(pictures)
folder.mkdir(parents=True, exist_ok=True)
faults = []

options = webdriver.ChromeOptions()
options.binary_location = "/usr/bin/chromium"
for word in ["--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--hide-scrollbars",
             "--disable-background-networking", "--disable-component-update", "--lang=en"]:
    options.add_argument(word)
options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
options.set_capability("unhandledPromptBehavior", "ignore")
driver = webdriver.Chrome(options=options, service=webdriver.ChromeService("/usr/bin/chromedriver"))
driver.set_page_load_timeout(30)


def fault(text):
    faults.append(text)
    print(f"FAULT {text}", flush=True)


def look(scheme, width, height=900, phone=False):
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]})
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                           {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": phone})


def name(page):
    parts = [part for part in page.split("?")[0].split("/") if part]
    return {"workloads": "workload", "grants": "grant", "sessions": "session"}.get(parts[0], parts[0]) if parts else "now"


def audit(page, scheme):
    result = Axe().run(driver)
    for violation in result["violations"]:
        words = f"{page} ({scheme}): {violation['id']}: {violation['help']}: {violation['nodes'][0]['html'][:160]}"
        if violation["impact"] in ("serious", "critical"):
            fault(words)
        else:
            print(f"minor {words}", flush=True)


def picture(page, suffix):
    # As high as the page, so that nothing is cut off; not without end.
    height = min(2400, max(500, driver.execute_script("return document.documentElement.scrollHeight")))
    width = driver.execute_script("return window.innerWidth")
    wide = driver.execute_script("return document.documentElement.scrollWidth")
    if wide > width + 1:
        fault(f"{page} ({suffix}): wider than the window: {wide} > {width}")
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                           {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": suffix == "phone"})
    driver.save_screenshot(str(folder / f"{name(page)}-{suffix}.png"))


def complaints(page):
    try:
        fault(f"{page}: a dialog came up: {driver.switch_to.alert.text}")
        driver.switch_to.alert.dismiss()
    except NoAlertPresentException:
        pass
    for entry in driver.get_log("browser"):
        if entry["level"] in ("SEVERE", "WARNING"):
            fault(f"{page}: {entry['message'][:300]}")


def each_page():
    for page in pages:
        for scheme, width, suffix in (("light", 1280, "light"), ("dark", 1280, "dark"), ("light", 390, "phone")):
            look(scheme, width, phone=suffix == "phone")
            driver.get(base + page)
            time.sleep(0.4)
            complaints(page)
            audit(page, suffix)
            picture(page, suffix)
        paint = driver.execute_script("return (performance.getEntriesByName('first-contentful-paint')[0] || {}).startTime")
        print(f"paint {page} {paint} ms", flush=True)


def keyboard():
    look("light", 1280)
    driver.get(base + "/")
    driver.find_element(By.TAG_NAME, "body").send_keys(Keys.TAB)
    if driver.execute_script("return document.activeElement.className") != "skip":
        fault("the first stop of Tab is not the way to the content")


def three_clicks(person, approver):
    driver.get(base + "/")
    field = driver.find_element(By.NAME, "at")
    driver.execute_script("arguments[0].value = new Date(Date.now() + 60000).toISOString().slice(0, 16)", field)
    driver.find_element(By.CSS_SELECTOR, ".at button").click()
    found = WebDriverWait(driver, 10).until(lambda now: now.find_element(By.ID, "moment")).text
    print("access " + found.replace("\n", " | "), flush=True)


def without_script():
    driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    for page in pages:
        driver.get(base + page)
        if len(driver.find_element(By.TAG_NAME, "main").text) < 60:
            fault(f"{page}: says nothing without JavaScript")
        for element in driver.find_elements(By.CSS_SELECTOR, "[data-countdown], [data-ago]"):
            if not element.text:
                fault(f"{page}: a moment is empty without JavaScript")
    driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


def git(*words):
    return subprocess.run(["git", "-C", work, *words], check=True, capture_output=True, text=True,
                          env={**os.environ, "GIT_CONFIG_GLOBAL": "/dev/null"}).stdout.strip()


def live():
    driver.get(base + "/")
    driver.execute_script("window.sameWindow = true")
    git("fetch", "-q", "origin")
    git("checkout", "-q", "-B", "main", "origin/main")
    git("commit", "-q", "--allow-empty", "-m", "Seen live")
    git("push", "-q", "origin", "HEAD:main")
    wanted, limit = git("rev-parse", "HEAD")[:7], time.monotonic() + 40
    while time.monotonic() < limit:
        if wanted in driver.find_element(By.CSS_SELECTOR, ".verdict").text:
            break
        time.sleep(0.2)
    else:
        fault(f"the page did not take in commit {wanted} by itself")
    if not driver.execute_script("return window.sameWindow === true"):
        fault("the page was loaded anew")
    complaints("live")


def sign_in():
    driver.get(base + "/sign-in")
    driver.find_element(By.NAME, "token").send_keys(token, Keys.ENTER)
    time.sleep(0.5)
    if not driver.find_elements(By.CSS_SELECTOR, ".menu"):
        fault("signing in with an operator's token shows no way to operate")


def play():
    page = next(page for page in pages if page.startswith("/sessions/"))
    driver.get(base + page)
    driver.find_element(By.CSS_SELECTOR, "[data-play]").click()
    time.sleep(1.5)
    if "uid=" not in driver.find_element(By.CSS_SELECTOR, ".screen").text:
        fault("the player does not show what was recorded")
    complaints(page)


try:
    sign_in()
    each_page()
    play()
    keyboard()
    three_clicks("alice", "bob")
    without_script()
    live()
finally:
    driver.quit()
print(f"{len(faults)} faults on {len(pages)} pages", flush=True)
sys.exit(1 if faults else 0)
