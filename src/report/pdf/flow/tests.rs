use super::*;

fn texts(lines: &[Line]) -> Vec<String> {
    lines
        .iter()
        .map(|line| {
            line.pieces
                .iter()
                .filter_map(|piece| match &piece.span {
                    Span::Text { text, .. } => Some(text.as_str()),
                    _ => None,
                })
                .collect()
        })
        .collect()
}

#[test]
fn identifiers_break_after_the_signs_that_structure_them_and_versions_do_not() {
    for (text, parts) in [
        ("below 4.0.0 now", &["below ", "4.0.0 ", "now"][..]),
        ("6ES7515-2AM02-0AB0", &["6ES7515-", "2AM02-", "0AB0"]),
        ("plant.xlsx", &["plant.", "xlsx"]),
        ("主変電", &["主", "変", "電"]),
        ("", &[]),
    ] {
        assert_eq!(words(text).collect::<Vec<_>>(), parts, "{text}");
    }
}

#[test]
fn wrapping_loses_nothing_and_keeps_to_the_width() {
    let long = "X".repeat(800);
    for text in ["PowerLogic PM8000 series below 4.0.0 and so on", long.as_str(), "主変電所主変電所主変電所主変電所"]
    {
        let lines = wrap(&[Span::new(CELL, text)], 60.0);
        assert!(lines.len() > 1);
        assert_eq!(texts(&lines).concat(), text);
        for line in &lines {
            let trailing = FACES.width(CELL.face, CELL.size, " ");
            assert!(line.width <= 60.0 + trailing + 0.1, "{}", line.width);
        }
    }
}

#[test]
fn a_row_higher_than_a_page_goes_on_and_others_are_not_torn() {
    let mut flow = Flow::new(Paper::A4, "T", String::new(), Timestamp::UNIX_EPOCH);
    flow.begin_table(vec![column("A", 1.0), number_column("B", 1.0)]);
    for n in 0..200 {
        flow.row(&[Cell::text(CELL, "one two three ".repeat(20)), Cell::number(CELL, n.to_string())], Look::default());
    }
    flow.row(&[Cell::text(CELL, "word ".repeat(9_000)), Cell::number(CELL, "last")], Look::default());
    flow.end_table();
    let height = flow.height;
    let headers = flow
        .pages
        .iter()
        .filter(|page| page.iter().any(|item| matches!(item, Item::Text { text, .. } if text == "B")))
        .count();
    assert_eq!(headers, flow.pages.len());
    let n_words: usize = flow
        .pages
        .iter()
        .flatten()
        .map(|item| match item {
            Item::Text { text, y, .. } => {
                assert!(*y < height - MARGIN_BOTTOM + 8.0, "{y}");
                text.matches("word").count()
            }
            _ => 0,
        })
        .sum();
    assert_eq!(n_words, 9_000);
    let bytes = flow.finish().unwrap();
    assert!(bytes.starts_with(b"%PDF-"));
}
