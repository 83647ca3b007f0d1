//! A real browser without a window, driven through chromedriver as W3C WebDriver says (https://www.w3.org/TR/webdriver2/).
//!
//! The crates for it bring forty others, a dozen of them in a second version, for the eight requests that are made here.

use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use base64::Engine;
use serde_json::{Value, json};
use storemgr::net::{Target, request_once};

use super::server::{free_port, start_tethered, wait_for_port};
use super::web::test_folder;

/// The arrow to the right, as WebDriver names it.
pub const RIGHT: &str = "\u{e014}";

/// The number of the next picture.
static PICTURES: AtomicU32 = AtomicU32::new(0);

/// A browser with one window.
#[derive(Debug)]
pub struct Browser {
    driver: Target,
    session: String,
    pid: u32,
}

/// Whether a program is installed.
fn is_installed(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

impl Browser {
    /// Starts a browser; None, said plainly, where none is installed.
    pub async fn start() -> Option<Self> {
        if !["chromium", "chromedriver"].iter().all(|program| is_installed(program)) {
            assert!(std::env::var_os("REQUIRE_BROWSER").is_none(), "there is no chromium with its driver here");
            eprintln!("skipped: there is no chromium with its driver here; ops/install --tests installs them");
            return None;
        }
        let (folder, port) = (test_folder("browser"), free_port());
        let log = folder.join("log");
        let pid = start_tethered("chromedriver", &[format!("--port={port}"), "--log-level=WARNING".to_owned()], &log);
        wait_for_port("chromedriver", port, &log);
        let mut browser = Self { driver: Target::loopback(port), session: String::new(), pid };
        let profile = format!("--user-data-dir={}", folder.join("profile").display());
        let arguments =
            ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", &profile];
        let options = json!({ "args": arguments, "perfLoggingPrefs": { "enableNetwork": true } });
        let wanted = json!({ "capabilities": { "alwaysMatch": {
            "goog:chromeOptions": options,
            "goog:loggingPrefs": { "browser": "ALL", "performance": "ALL" },
            "acceptInsecureCerts": true,
        } } });
        let made = browser.call("POST", "/session", &wanted).await;
        made["sessionId"].as_str().unwrap().clone_into(&mut browser.session);
        Some(browser)
    }

    async fn call(&self, method: &str, path: &str, body: &Value) -> Value {
        match self.try_call(method, path, body).await {
            Ok(value) => value,
            Err(error) => panic!("{method} {path} {body}: {error}"),
        }
    }

    async fn try_call(&self, method: &str, path: &str, body: &Value) -> Result<Value, String> {
        let body = if method == "GET" || method == "DELETE" { Vec::new() } else { body.to_string().into_bytes() };
        let headers = [("content-type", "application/json")];
        let answer = request_once(&self.driver, method.parse().unwrap(), path, &headers, body, Duration::from_mins(1));
        let answer = answer.await.map_err(|error| error.to_string())?;
        let value: Value = serde_json::from_slice(&answer.body).map_err(|error| error.to_string())?;
        if answer.status.is_success() { Ok(value["value"].clone()) } else { Err(value.to_string()) }
    }

    async fn ask(&self, what: &str, body: &Value) -> Value {
        self.call("POST", &format!("/session/{}/{what}", self.session), body).await
    }

    /// Opens an address.
    pub async fn open(&self, url: &str) {
        self.ask("url", &json!({ "url": url })).await;
    }

    /// Runs a script as the body of a function, and gives what it returns; a promise is awaited.
    pub async fn script(&self, script: &str) -> Value {
        self.ask("execute/sync", &json!({ "script": script, "args": [] })).await
    }

    /// The text of the first element that a selector finds.
    pub async fn text(&self, selector: &str) -> String {
        let script = format!("return document.querySelector({})?.innerText ?? ''", json!(selector));
        self.script(&script).await.as_str().unwrap_or_default().to_owned()
    }

    async fn element(&self, selector: &str) -> String {
        let found = self.ask("element", &json!({ "using": "css selector", "value": selector })).await;
        found.as_object().unwrap().values().next().unwrap().as_str().unwrap().to_owned()
    }

    /// Clicks with the mouse, which fails if something else is in front or the element is not shown.
    pub async fn click(&self, selector: &str) {
        let element = self.element(selector).await;
        self.ask(&format!("element/{element}/click"), &json!({})).await;
    }

    /// Types into a field, in place of what it holds.
    pub async fn fill(&self, selector: &str, text: &str) {
        let element = self.element(selector).await;
        self.ask(&format!("element/{element}/clear"), &json!({})).await;
        if !text.is_empty() {
            self.ask(&format!("element/{element}/value"), &json!({ "text": text })).await;
        }
    }

    /// Presses a key in an element.
    pub async fn press(&self, selector: &str, key: &str) {
        let element = self.element(selector).await;
        self.ask(&format!("element/{element}/value"), &json!({ "text": key })).await;
    }

    /// Waits until a script returns true.
    pub async fn wait_for(&self, condition: &str) {
        let deadline = std::time::Instant::now() + Duration::from_mins(1);
        while self.script(&format!("return Boolean({condition})")).await != Value::Bool(true) {
            let shown = self.text("body").await;
            assert!(std::time::Instant::now() < deadline, "waited a minute for {condition}: {shown}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Asks Chromium itself, by its own protocol.
    async fn chromium(&self, command: &str, parameters: &Value) -> Value {
        self.ask("goog/cdp/execute", &json!({ "cmd": command, "params": parameters })).await
    }

    /// Shows the page in a window of this width, light or dark.
    pub async fn look(&self, width: u32, height: u32, is_dark: bool) {
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600 });
        self.chromium("Emulation.setDeviceMetricsOverride", &size).await;
        let scheme = if is_dark { "dark" } else { "light" };
        let media = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        self.chromium("Emulation.setEmulatedMedia", &media).await;
    }

    /// Makes a picture of the whole page, in the folder that `SCREENSHOTS` names; nothing without it.
    pub async fn screenshot(&self, name: &str) {
        let Some(folder) = std::env::var_os("SCREENSHOTS") else { return };
        let whole = json!({ "format": "png", "captureBeyondViewport": true });
        let picture = self.chromium("Page.captureScreenshot", &whole).await;
        let bytes = base64::prelude::BASE64_STANDARD.decode(picture["data"].as_str().unwrap()).unwrap();
        let number = PICTURES.fetch_add(1, Ordering::Relaxed);
        std::fs::write(Path::new(&folder).join(format!("{number:02}-{name}.png")), bytes).unwrap();
    }

    /// What the console says since the last call, apart from what is not an error or a warning.
    pub async fn console(&self) -> Vec<String> {
        let log = self.ask("se/log", &json!({ "type": "browser" })).await;
        let told =
            log.as_array().unwrap().iter().filter(|entry| entry["level"] == "SEVERE" || entry["level"] == "WARNING");
        told.map(|entry| entry["message"].as_str().unwrap().to_owned()).collect()
    }

    /// The addresses of all requests since the last call.
    pub async fn requested(&self) -> Vec<String> {
        let log = self.ask("se/log", &json!({ "type": "performance" })).await;
        let events = log.as_array().unwrap().iter().filter_map(|entry| {
            let event: Value = serde_json::from_str(entry["message"].as_str()?).ok()?;
            let message = &event["message"];
            let is_request = message["method"] == "Network.requestWillBeSent";
            is_request.then(|| message["params"]["request"]["url"].as_str().unwrap_or_default().to_owned())
        });
        events.collect()
    }

    /// Opens another window, and gives the first and the new one.
    pub async fn new_window(&self) -> [String; 2] {
        let first = self.call("GET", &format!("/session/{}/window", self.session), &Value::Null).await;
        let made = self.ask("window/new", &json!({ "type": "tab" })).await;
        [&first, &made["handle"]].map(|handle| handle.as_str().unwrap().to_owned())
    }

    /// Uses a window from now on.
    pub async fn switch_to(&self, window: &str) {
        self.ask("window", &json!({ "handle": window })).await;
    }

    /// Closes the window.
    pub async fn close_window(&self) {
        self.call("DELETE", &format!("/session/{}/window", self.session), &Value::Null).await;
    }

    /// Ends the browser and its driver.
    pub async fn quit(self) {
        drop(self.try_call("DELETE", &format!("/session/{}", self.session), &Value::Null).await);
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        if let Some(pid) = rustix::process::Pid::from_raw(self.pid.cast_signed()) {
            // It may have ended by itself.
            rustix::process::kill_process(pid, rustix::process::Signal::TERM).ok();
        }
    }
}
