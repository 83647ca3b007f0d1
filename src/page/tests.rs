//! Tests of whole pages and charts, as text.

use super::*;

fn lines() -> Chart {
    let series = |name: &str, color, values: &[Option<f64>]| Series {
        name: name.to_owned(),
        color,
        filled: false,
        points: values.iter().zip(0_u32..).map(|(value, x)| (f64::from(x), *value)).collect(),
    };
    let answered = [Some(1.0), Some(2.0), None, Some(900.0), Some(4.0), None, Some(5.0)];
    Chart::lines(
        "p95, <ms>",
        Axis::seconds(6.0),
        vec![series("GET <b>", Color::Series(0), &answered), series("bad", Color::Bad, &[])],
    )
}

fn bars(names: usize, groups: &[&[Option<f64>]]) -> Chart {
    let names = (1..=names).map(|name| format!("rung {name}")).collect();
    let group = |(values, place): (&&[Option<f64>], u8)| Bars {
        name: format!("group {place}"),
        color: Color::Series(place),
        values: values.to_vec(),
    };
    Chart::bars("Failed, percent", names, groups.iter().zip(0..).map(group).collect())
}

fn drawn(drawing: &str, element: &str, color: Color) -> usize {
    drawing.split(&format!("<{element} ")).skip(1).filter(|rest| rest.contains(&color.value())).count()
}

#[test]
fn nothing_from_outside_is_markup_and_nothing_is_loaded() {
    let mut page = Page::new("<script>alert(1)</script>");
    page.verdict(Judgement::Bad, "<i>\nsecond line");
    page.facts(&[Fact::new("<i>", "<i>").bad_if(true)]);
    page.heading("<i>");
    page.paragraph("<i>");
    page.charts(&[lines(), bars(2, &[&[Some(1.0)]])]);
    let page = page.finish("<i>");
    for forbidden in ["<script", "<i>", "<b>", "<ms>", "url(", "@import", "http://www.w3.org"] {
        assert!(!page.contains(forbidden), "the page has {forbidden}");
    }
    assert!(
        page.contains("default-src 'none'") && page.contains("<p class=\"verdict bad\">&lt;i&gt;<br>\nsecond line</p>")
    );
    assert_eq!(page.matches("<svg role=\"img\"").count(), 2);
}

#[test]
fn charts_are_drawn_in_colors_of_the_page() {
    let drawing = lines().draw().unwrap() + &bars(3, &[&[Some(1.0); 3]]).draw().unwrap();
    assert!(!drawing.contains("#0102"), "a stand-in for a color is left");
    for color in 0..9 {
        assert_eq!(STYLE.matches(&format!("--color-{color}: ")).count(), 2, "color {color} is for light and dark");
    }
}

#[test]
fn a_line_is_broken_where_it_has_no_value_and_a_single_point_is_visible() {
    let drawing = lines().draw().unwrap();
    assert_eq!((drawn(&drawing, "polyline", Color::Series(0)), drawn(&drawing, "circle", Color::Series(0))), (2, 1));
}

#[test]
fn bars_have_their_names_below_and_their_values_above_where_there_is_room() {
    let drawing = bars(3, &[&[Some(70.0), None, Some(12.5)]]).draw().unwrap();
    assert_eq!(drawn(&drawing, "rect", Color::Series(0)), 2);
    let words: Vec<_> = drawing.lines().map(str::trim).collect();
    for text in ["rung 1", "rung 2", "rung 3", "70", "–", "12.5"] {
        assert!(words.contains(&text), "{text} is missing: {drawing}");
    }
    let crowded = bars(30, &[&[Some(7.77); 30], &[Some(1.0); 30]]).draw().unwrap();
    assert!(!crowded.contains("7.77"), "values that would cover each other are left out");
    assert!(crowded.contains("rung 1\n") && !crowded.contains("rung 2\n"), "and so are names: {crowded}");
}

#[test]
fn the_scale_is_one_on_which_values_can_be_told_apart() {
    assert_eq!(lines().on_fitting_scale().scale, Scale::Logarithmic);
    assert_eq!(bars(2, &[&[Some(1.0), Some(29.0)]]).on_fitting_scale().scale, Scale::Linear);
    assert_eq!(bars(2, &[&[None, None]]).on_fitting_scale().scale, Scale::Linear);
    for nothing in [bars(0, &[]), Chart::lines("", Axis::numbers(0.0, 0.0), vec![]).on_fitting_scale()] {
        assert!(nothing.draw().unwrap().ends_with("</svg>\n"));
    }
}

#[test]
fn the_least_value_has_a_height_and_an_unknown_one_a_dash() {
    let wide = bars(2, &[&[Some(1.0), Some(100.0)], &[Some(10.0), None]]).on_fitting_scale().draw().unwrap();
    assert!(!wide.contains("height=\"0\""), "{wide}");
    let crowded = bars(30, &[&[Some(1.0); 30], &[None; 30]]).draw().unwrap();
    assert_eq!(crowded.lines().filter(|line| line.trim() == "–").count(), 30, "{crowded}");
}

#[test]
fn lines_that_would_cover_each_other_each_have_a_panel() {
    let same = |number: u8| Series {
        name: format!("rung {number}"),
        color: Color::Series(number),
        filled: false,
        points: vec![(0.0, Some(0.0)), (6.0, Some(150.0))],
    };
    let drawing = Chart::panels("open", Axis::seconds(6.0), (1..=7).map(same).collect()).draw().unwrap();
    assert!((1..=7).all(|number| drawing.contains(&format!("rung {number}\n"))), "{drawing}");
    assert_eq!(drawn(&drawing, "polyline", Color::Series(0)), 7, "each is drawn strongly once");
    assert!(drawing.contains("viewBox=\"0 0 520 448\""), "{drawing}");
}

#[test]
fn lines_and_bars_differ_without_their_colors() {
    let series = |place| Series {
        color: Color::Series(place),
        ..Series {
            name: place.to_string(),
            filled: false,
            color: Color::Bad,
            points: vec![(0.0, Some(1.0)), (1.0, Some(2.0))],
        }
    };
    let lines = Chart::lines("", Axis::numbers(0.0, 1.0), (0..Color::SERIES).map(series).collect()).draw().unwrap();
    let dashes: std::collections::BTreeSet<_> =
        lines.split("stroke-dasharray=\"").skip(1).map(|rest| rest.split('"').next()).collect();
    assert_eq!(dashes.len(), 7, "the first line is whole, and each other one broken in its own way: {lines}");
    let bars = bars(2, &[&[Some(1.0); 2], &[Some(1.0); 2]]).draw().unwrap();
    assert!(bars.contains("opacity=\"1\"") && bars.contains("opacity=\"0.55\""), "{bars}");
}

#[test]
fn a_chart_is_a_picture_that_needs_nothing_else() {
    let chart = lines().in_language(Language::French);
    let svg = chart.to_svg().unwrap();
    assert!(
        svg.starts_with("<svg xmlns=") && svg.contains("p95, &lt;ms&gt;") && svg.contains("GET &lt;b&gt;"),
        "{svg}"
    );
    assert!(!svg.contains("var(") && svg.contains("#1b66c9"), "colors are fixed: {svg}");
    let png = chart.to_png(&Letters::of_this_machine().unwrap()).unwrap();
    assert!(png.starts_with(b"\x89PNG") && png.len() > 5_000, "{} bytes", png.len());
}
