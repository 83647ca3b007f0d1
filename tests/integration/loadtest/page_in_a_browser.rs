//! `loadtest --page` in a real browser: a session from the form to the download, and what another page can do to it.
//!
//! With `SCREENSHOTS=FOLDER` each look at the page is kept as a picture.

use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use super::page::Paged;
use super::{Behaviour, Server};
use crate::harness::{Browser, RIGHT, free_port, wait_until};

/// The number of requests at a moment when none is on its way.
async fn settled(server: &Server) -> u64 {
    let mut before = server.asked();
    loop {
        tokio::time::sleep(Duration::from_millis(300)).await;
        match server.asked() {
            now if now == before => return now,
            now => before = now,
        }
    }
}

/// Looks at the page as a wide and a narrow window show it, light and dark.
async fn look(browser: &Browser, name: &str) {
    for (width, height) in [(1280, 900), (390, 844)] {
        for (scheme, is_dark) in [("light", false), ("dark", true)] {
            browser.look(width, height, is_dark).await;
            let wider = browser.script("return document.documentElement.scrollWidth - innerWidth").await;
            assert!(wider.as_i64().unwrap() <= 0, "{name} is {wider} pixels wider than a window of {width}");
            let scheme_is = browser.script("return matchMedia('(prefers-color-scheme: dark)').matches").await;
            assert_eq!(scheme_is, is_dark);
            browser.screenshot(&format!("{name}-{width}-{scheme}")).await;
        }
    }
    browser.look(1280, 900, false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_from_the_form_to_the_download() {
    let Some(browser) = Browser::start().await else { return };
    let server = Server::start(Behaviour::Answer(Duration::from_millis(10))).await;
    let host = server.target.to_string();
    let page = Paged::start(&[&host, "--think-time", "100ms"]).await;
    browser.open(&page.url).await;
    browser.wait_for("document.body.dataset.phase === 'idle'").await;
    assert_eq!(browser.script("return location.hash").await, "", "the token is in no history");
    look(&browser, "form").await;
    browser.fill("#start-form [name=level]", "20").await;
    browser.fill("#start-form [name=per_second]", "1000").await;
    browser.fill("#start-form [name=run_time]", "").await;
    browser.fill("#start-form [name=thresholds]", "p95<2s").await;
    browser.click("#start-form button").await;
    browser.wait_for("document.body.dataset.phase === 'running'").await;
    let mut counted = Vec::new();
    let mut before = 0;
    for (number, level) in ["60", "20", "0"].into_iter().enumerate() {
        let wanted = before + 60;
        wait_until("a level has some requests", async || server.asked() > wanted).await;
        browser.click("[value=pause]").await;
        browser.wait_for("document.body.dataset.phase === 'paused'").await;
        let asked = settled(&server).await;
        counted.push(asked - before);
        before = asked;
        if number == 0 {
            look(&browser, "paused").await;
        }
        if level != "0" {
            browser.fill("#change-form [name=level]", level).await;
            browser.click("[value=change]").await;
            browser.wait_for("document.body.dataset.phase === 'running'").await;
        }
    }
    browser.click("[value='go-on']").await;
    browser.wait_for("document.body.dataset.phase === 'running'").await;
    wait_until("the run goes on", async || server.asked() > before + 10).await;
    read_by_keyboard(&browser).await;
    browser.click("[value=stop]").await;
    browser.wait_for("document.body.dataset.phase === 'idle'").await;
    counted.push(server.asked() - before);
    let cookie = page.enter().await;
    let run = page.run(&cookie, 1).await;
    assert_eq!((run["complete"].as_bool(), run["requests"].as_u64()), (Some(true), Some(server.asked())));
    let levels: Vec<&Value> =
        run["levels"].as_array().unwrap().iter().filter(|level| level["paused"] == false).collect();
    let requests: Vec<_> = levels.iter().map(|level| level["requests"].as_u64().unwrap()).collect();
    assert_eq!(requests, counted, "what the server counted at each level");
    assert_eq!(
        levels.iter().map(|level| level["level"].as_f64().unwrap()).collect::<Vec<_>>(),
        [20.0, 60.0, 20.0, 20.0]
    );
    let shown = browser.script("return [...document.querySelectorAll('#levels tr')].filter(row => row.querySelector('td')).map(row => [...row.cells].map(cell => cell.innerText))").await;
    let shown: Vec<_> = shown.as_array().unwrap().iter().filter(|row| row[2] != "paused").collect();
    let on_the_page: Vec<u64> =
        shown.iter().map(|row| row[3].as_str().unwrap().replace(',', "").parse().unwrap()).collect();
    assert_eq!(on_the_page, counted, "and what the page says");
    for panel in ["panel-charts", "panel-failures", "panel-verdict", "panel-downloads", "panel-statistics"] {
        browser.click(&format!("#tab-{panel}")).await;
        look(&browser, panel).await;
    }
    browser.click("#tab-panel-downloads").await;
    let download = async |kind: &str| {
        let text =
            format!("return fetch(document.querySelector('a[download$={kind}]').href).then(reply => reply.text())");
        browser.script(&text).await.as_str().unwrap().to_owned()
    };
    let json: Value = serde_json::from_str(&download("json").await).unwrap();
    assert_eq!(json, run);
    let csv = download("csv").await;
    let mut rows = csv::Reader::from_reader(csv.as_bytes());
    let place = rows.headers().unwrap().iter().position(|name| name == "# reqs").unwrap();
    let all = rows.records().map(Result::unwrap).find(|row| row.iter().any(|cell| cell == "Aggregated"));
    let requests = all.expect("a row of all requests")[place].replace(',', "");
    assert_eq!(requests, server.asked().to_string(), "{csv}");
    let html = download("html").await;
    assert!(html.starts_with("<!doctype html>") && html.contains(&run["started_at"].as_str().unwrap()[..10]), "{html}");
    assert_eq!(browser.console().await, Vec::<String>::new());
    let elsewhere: Vec<_> = browser
        .requested()
        .await
        .into_iter()
        .filter(|url| !url.starts_with(&page.origin()) && !url.starts_with("data:") && !url.starts_with("chrome"))
        .collect();
    assert_eq!(elsewhere, Vec::<String>::new(), "the page asks nobody else");
    browser.quit().await;
}

/// The values of a chart can be read by the keyboard and where the pointer is, and stay while they are read.
async fn read_by_keyboard(browser: &Browser) {
    browser.click("#tab-panel-charts").await;
    browser.wait_for("document.querySelector('#chart-0 .reading title')").await;
    let first = "#chart-0 .readings input";
    browser.script(&format!("document.querySelector('{first}').focus()")).await;
    browser.press(first, RIGHT).await;
    let read = browser.script("return document.activeElement.nextElementSibling.innerText").await;
    assert!(read.as_str().unwrap().contains("users "), "{read}");
    tokio::time::sleep(Duration::from_millis(2_200)).await;
    let still = browser.script("return document.activeElement.nextElementSibling?.innerText ?? ''").await;
    assert_eq!(still, read, "it is not taken away while it is read");
    browser.script("document.activeElement.blur()").await;
    browser.click("#tab-panel-statistics").await;
}

/// A page of another origin on this machine, which is the same site: it tries everything that a page can try.
async fn another_page() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let body = "<!doctype html><title>other</title>";
    let answer = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = [0; 4096];
            drop(stream.read(&mut request).await);
            drop(stream.write_all(answer.as_bytes()).await);
        }
    });
    format!("http://{address}/")
}

#[tokio::test(flavor = "multi_thread")]
async fn another_page_starts_nothing() {
    let Some(browser) = Browser::start().await else { return };
    let server = Server::start(Behaviour::Answer(Duration::from_millis(5))).await;
    let page = Paged::start(&[&server.target.to_string()]).await;
    browser.open(&page.url).await;
    browser.wait_for("document.body.dataset.phase === 'idle'").await;
    let [own, other] = browser.new_window().await;
    browser.switch_to(&other).await;
    browser.open(&another_page().await).await;
    let at = page.origin();
    let order = "action=start&host=0&scenario=0&kind=users&level=5&run_time=1s";
    let tried = browser
        .script(&format!(
            "const send = (mode) => fetch('{at}/steer', {{
               method: 'POST', body: new URLSearchParams('{order}'), credentials: 'include', mode }});
             return Promise.all(['cors', 'no-cors'].map(mode => send(mode).then(() => 'done', () => 'refused')));"
        ))
        .await;
    assert_eq!(tried, serde_json::json!(["refused", "refused"]));
    browser
        .script(&format!(
            "const form = document.createElement('form'); form.method = 'post'; form.action = '{at}/steer';
             for (const [name, value] of new URLSearchParams('{order}')) {{
               const field = document.createElement('input');
               [field.name, field.value] = [name, value]; form.append(field); }}
             document.body.append(form); form.submit();"
        ))
        .await;
    browser.wait_for("document.body && document.body.innerText.includes('another page')").await;
    browser.switch_to(&own).await;
    assert_eq!(browser.script("return document.body.dataset.phase").await, "idle");
    assert_eq!(server.asked(), 0);
    browser.quit().await;
}

/// A way to a page that can die without a word, as it does for a laptop that sleeps or moves to another network.
struct Way(watch::Sender<bool>);

impl Way {
    /// Listens at the same port on another address of this machine, so that the page answers to its name.
    async fn to(page: &Paged, port: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", port)).await.unwrap();
        let (lives, upstream) = (watch::Sender::new(true), page.target.address());
        let told = lives.subscribe();
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                tokio::spawn(carry(near, upstream.clone(), told.clone()));
            }
        });
        Self(lives)
    }

    /// From now on nothing goes through: what is open is dead for ever, and what is opened waits.
    fn die(&self) {
        self.0.send_replace(false);
    }

    /// What is opened from now on, or waits, goes through.
    fn live(&self) {
        self.0.send_replace(true);
    }
}

/// Carries what comes over a connection until the way dies; then it stays open, and nothing comes any more.
async fn carry(mut near: TcpStream, upstream: String, mut lives: watch::Receiver<bool>) {
    if lives.wait_for(|lives| *lives).await.is_err() {
        return;
    }
    let Ok(mut far) = TcpStream::connect(upstream).await else { return };
    let death = async { drop(lives.wait_for(|lives| !*lives).await) };
    tokio::select! {
        _ = tokio::io::copy_bidirectional(&mut near, &mut far) => return,
        () = death => {}
    }
    std::future::pending::<()>().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_died_without_a_word_is_noticed_told_and_made_anew() {
    let Some(browser) = Browser::start().await else { return };
    let server = Server::start(Behaviour::Answer(Duration::from_millis(5))).await;
    let (host, port) = (server.target.to_string(), free_port());
    let page = Paged::launch(
        &format!("127.0.0.2:{port}"),
        &[&host, "--users", "5", "--think-time", "50ms", "--run-time", "5m"],
        &[],
    )
    .await;
    let way = Way::to(&page, port).await;
    browser.open(&format!("http://127.0.0.1:{port}/#{}", page.token())).await;
    browser.wait_for("document.body.dataset.phase === 'running'").await;
    browser.script("window.here = true").await;
    assert_eq!(browser.script("return document.getElementById('notice').hidden").await, true);
    way.die();
    browser.wait_for("!document.getElementById('notice').hidden").await;
    assert!(browser.text("#notice").await.contains("There is no connection"));
    let status = browser.text("#status").await;
    way.live();
    browser.wait_for("document.getElementById('notice').hidden").await;
    browser.wait_for(&format!("document.getElementById('status').innerText !== {}", serde_json::json!(status))).await;
    assert_eq!(browser.script("return window.here").await, true, "by itself, without being loaded again");
    browser.quit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_address_of_another_storemgr_is_opened_in_the_same_tab() {
    let Some(browser) = Browser::start().await else { return };
    let server = Server::start(Behaviour::Answer(Duration::from_millis(5))).await;
    let address = format!("127.0.0.1:{}", free_port());
    let host = server.target.to_string();
    let first = Paged::launch(&address, &[&host], &[]).await;
    browser.open(&first.url).await;
    browser.wait_for("document.body.dataset.phase === 'idle'").await;
    drop(first);
    browser.wait_for("!document.getElementById('notice').hidden").await;
    let again = Paged::launch(&address, &[&host, "--language", "fr"], &[]).await;
    // What a person does who pastes the address that was printed.
    browser.script(&format!("location.href = {}", serde_json::json!(again.url))).await;
    browser.wait_for("document.documentElement.lang === 'fr' && document.body.dataset.phase === 'idle'").await;
    assert_eq!(browser.script("return location.hash").await, "");
    browser.quit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_page_reads_and_steers_nothing_a_closed_tab_costs_nothing_and_the_end_stays_in_the_tab() {
    let Some(browser) = Browser::start().await else { return };
    let server = Server::start(Behaviour::Answer(Duration::from_millis(5))).await;
    let host = server.target.to_string();
    let folder = tempfile::tempdir().unwrap();
    let json = folder.path().join("run.json");
    let options =
        [&*host, "--users", "5", "--think-time", "50ms", "--run-time", "5m", "--json", json.to_str().unwrap()];
    let mut page = Paged::start(&options).await;
    browser.open(&page.url).await;
    browser.wait_for("document.body.dataset.phase === 'running'").await;
    let [own, other] = browser.new_window().await;
    browser.switch_to(&other).await;
    // By 127.0.0.1 it is the same site, so the cookie goes along; the origin is another one.
    browser.open(&another_page().await).await;
    let at = page.origin();
    let tried = browser.script(&format!(
        "const told = async (what) => {{ try {{ return await what(); }} catch (error) {{ return 'refused'; }} }};
         const form = new URLSearchParams({{ action: 'stop' }});
         return Promise.all([
           told(async () => (await fetch('{at}/download/run-1.json', {{ credentials: 'include' }})).text()),
           told(async () => (await fetch('{at}/events', {{ credentials: 'include' }})).text()),
           told(async () => (await fetch('{at}/steer', {{ method: 'POST', body: form, credentials: 'include' }})).text()),
           told(async () => (await fetch('{at}/steer', {{ method: 'POST', body: form, credentials: 'include', mode: 'no-cors' }})).type),
           told(() => new Promise((done, failed) => {{
             const events = new EventSource('{at}/events', {{ withCredentials: true }});
             events.onmessage = ({{ data }}) => done(data); events.onerror = failed; }})),
           told(() => new Promise((done) => {{
             const frame = document.createElement('iframe'); frame.src = '{at}/';
             frame.onload = () => {{ try {{ done(frame.contentDocument ? 'shown' : 'refused'); }} catch {{ done('refused'); }} }};
             document.body.append(frame); }})),
         ]);"
    )).await;
    let tried: Vec<_> = tried.as_array().unwrap().iter().map(|told| told.as_str().unwrap().to_owned()).collect();
    assert_eq!(tried, ["refused", "refused", "refused", "refused", "refused", "refused"]);
    // A form that a page sends by itself needs no permission to be sent.
    browser
        .script(&format!(
            "const form = document.createElement('form'); form.method = 'post'; form.action = '{at}/steer';
         form.innerHTML = '<input name=action value=stop>'; document.body.append(form); form.submit();"
        ))
        .await;
    browser.wait_for("document.body && document.body.innerText.includes('another page')").await;
    let asked = server.asked();
    wait_until("the run goes on", async || server.asked() > asked + 20).await;
    browser.close_window().await;
    browser.switch_to(&own).await;
    // A tab that is closed and opened again by the cookie, without the token.
    let [_, again] = browser.new_window().await;
    browser.close_window().await;
    browser.switch_to(&again).await;
    browser.open(&format!("{at}/")).await;
    browser.wait_for("document.body.dataset.phase === 'running'").await;
    // The policy of the page lets no script read such a file, so it is noted when it is made.
    let note = "window.kept = []; const make = URL.createObjectURL;
                URL.createObjectURL = blob => { kept.push(blob); return make.call(URL, blob); };";
    browser.script(note).await;
    browser.click("[value=stop]").await;
    browser.wait_for("document.body.dataset.phase === 'ended'").await;
    let code = page.child.wait().await.unwrap().code();
    assert!(matches!(code, Some(0 | 98)), "98 on a machine without time to spare: {code:?}");
    assert!(browser.text("#notice").await.contains("stays until this tab is closed"));
    browser.click("#tab-panel-downloads").await;
    let kept = "return Promise.all(kept.map(blob => blob.text())).then(all => JSON.parse(all.find(text => text[0] === '{')).requests)";
    let kept = browser.script(kept).await;
    let links = "return [...document.querySelectorAll('a[download]')].map(link => new URL(link.href).protocol)";
    assert_eq!(browser.script(links).await, serde_json::json!(["blob:", "blob:", "blob:"]));
    let written: Value = serde_json::from_str(&std::fs::read_to_string(&json).unwrap()).unwrap();
    assert_eq!(kept, written["requests"], "the files are in the tab");
    browser.quit().await;
}
