//! The page before it shows anything: its places, its texts, its script and its style. It has nothing of a run, because
//! everybody may load it.

use super::draw::CHARTS;
use crate::page::STYLE;
use crate::text;
use crate::units::{Language, escaped};

/// The script: it puts what is sent into its places, and sends what is asked for.
pub(super) const SCRIPT: &str = include_str!("page.js");

/// What the page needs beside the style of the saved one.
const OWN_STYLE: &str = include_str!("page.css");

/// The tabs: the name of the panel, its text, and the places in it.
const TABS: [(&str, &str, &[&str]); 7] = [
    ("panel-statistics", text!("Statistics"), &["statistics", "levels"]),
    ("panel-charts", text!("Charts"), &[]),
    ("panel-failures", text!("Failures"), &["failures"]),
    ("panel-journeys", text!("Journeys"), &["journeys"]),
    ("panel-verdict", text!("Verdict"), &["verdict"]),
    ("panel-ladder", text!("Ladder"), &["ladder"]),
    ("panel-downloads", text!("Download"), &["downloads"]),
];

/// The style of the page.
pub(super) fn style() -> String {
    [STYLE, OWN_STYLE].concat()
}

/// The page as it is loaded.
pub(super) fn shell(language: Language, steers: bool) -> String {
    let word = |text: &'static str| escaped(language.text(text));
    let tabs: String = TABS
        .iter()
        .enumerate()
        .map(|(number, (id, name, _))| {
            let (chosen, stop) = if number == 0 { ("true", "0") } else { ("false", "-1") };
            format!(
                "<button role=\"tab\" id=\"tab-{id}\" aria-controls=\"{id}\" aria-selected=\"{chosen}\" tabindex=\"{stop}\">{}</button>\n",
                word(name)
            )
        })
        .collect();
    let panels: String = TABS.iter().enumerate().map(|(number, tab)| panel(number, tab)).collect();
    format!(
        "<!doctype html>\n<html lang=\"{code}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>storemgr loadtest</title>\n\
         <link rel=\"icon\" href=\"data:,\">\n<link rel=\"stylesheet\" href=\"page.css\">\n\
         <script src=\"page.js\" defer></script>\n</head>\n\
         <body data-phase=\"\" data-lost=\"{lost}\" data-ended=\"{ended}\">\n<main>\n<h1 id=\"title\">storemgr loadtest</h1>\n\
         <p id=\"notice\" role=\"alert\" hidden></p>\n\
         <form id=\"enter\" hidden><label>{token}<input type=\"password\" name=\"token\" autocomplete=\"off\" required></label>\n\
         <button>{open}</button></form>\n<div id=\"all\" hidden>\n<p id=\"status\"></p>\n{controls}\
         <p id=\"said\" role=\"status\"></p>\n<div id=\"facts\"></div>\n\
         <div role=\"tablist\">\n{tabs}</div>\n{panels}</div>\n</main>\n</body>\n</html>\n",
        code = language.code(),
        lost = word(text!(
            "There is no connection to storemgr. The page shows what it was sent last, and goes on by itself when it is back."
        )),
        ended =
            word(text!("The run has ended and storemgr with it. What is shown here stays until this tab is closed.")),
        token = word(text!("Token of this page")),
        open = word(text!("Open")),
        controls = if steers { controls(language) } else { String::new() },
    )
}

fn panel(number: usize, (id, _, places): &(&str, &str, &[&str])) -> String {
    let hidden = if number == 0 { "" } else { " hidden" };
    let inner: String = if places.is_empty() {
        let charts: String =
            (0..CHARTS).map(|chart| format!("<div id=\"chart-{chart}\" data-still></div>\n")).collect();
        format!("<div class=\"charts\">\n{charts}</div>\n")
    } else {
        places.iter().map(|place| format!("<div id=\"{place}\"></div>\n")).collect()
    };
    format!("<section role=\"tabpanel\" id=\"{id}\" aria-labelledby=\"tab-{id}\"{hidden}>\n{inner}</section>\n")
}

/// The forms that steer. What they show depends on the phase, by the style alone.
fn controls(language: Language) -> String {
    let word = |text: &'static str| escaped(language.text(text));
    let button = |value, phases, name| {
        format!("<button name=\"action\" value=\"{value}\" data-in=\"{phases}\" formnovalidate>{name}</button>\n")
    };
    format!(
        "<form class=\"steer\" id=\"change-form\" data-in=\"running paused\">\n\
         <label><span data-kind=\"users\">{users}</span><span data-kind=\"rate\">{rate}</span>\
         <input name=\"level\" inputmode=\"decimal\" required size=\"7\"></label>\n\
         <label>{speed}<input name=\"per_second\" inputmode=\"decimal\" size=\"7\"></label>\n\
         <button name=\"action\" value=\"change\">{change}</button>\n{pause}{go_on}{stop}</form>\n\
         <form class=\"steer\" data-in=\"idle\"><div id=\"start-form\" data-still></div></form>\n",
        users = word(text!("Users")),
        rate = word(text!("Requests per second")),
        speed = word(text!("By so many per second (nothing: at once)")),
        change = word(text!("Set")),
        pause = button("pause", "running", word(text!("Pause"))),
        go_on = button("go-on", "paused", word(text!("Go on"))),
        stop = button("stop", "running paused", word(text!("Stop"))),
    )
}
