//! Lists that are laid out with blanks, as reports and consoles print them.

use super::raw::RawRow;

/// More lines than this are no printed list.
const MOST: usize = 4_000;
/// The fewest columns of a list.
const FEWEST_COLUMNS: usize = 3;

/// The rows of a printed list with its columns taken apart; `None` when the lines do not stand in columns. A line of
/// dashes under the header tells the columns, otherwise what is blank in all lines. `sign` is what the lines were divided
/// by when they were read.
pub fn rows(lines: &[RawRow], sign: char) -> Option<Vec<RawRow>> {
    if lines.len() > MOST {
        return None;
    }
    let lines: Vec<(u32, Vec<char>)> = lines.iter().map(|row| (row.number, whole(row, sign))).collect();
    let ruler = lines.iter().position(|(_, line)| groups(line).len() >= FEWEST_COLUMNS && is_ruler(line));
    let (first, starts) = match ruler {
        Some(at) => (at.saturating_sub(1), groups(&lines[at].1)),
        None => by_blanks(&lines)?,
    };
    let cell = |line: &[char], at: usize| {
        let from = if at == 0 { 0 } else { starts[at] };
        let to = starts.get(at + 1).copied().unwrap_or(line.len());
        text(line.get(from..to.min(line.len())).unwrap_or_default())
    };
    let mut out = Vec::with_capacity(lines.len());
    for (at, (number, line)) in lines.iter().enumerate() {
        let mut row = RawRow::new(*number);
        if at < first || ruler.is_none() && gaps(line) == 0 {
            row.push(&text(line));
        } else if Some(at) != ruler {
            (0..starts.len()).for_each(|column| row.push(&cell(line, column)));
        }
        out.push(row);
    }
    Some(out)
}

fn whole(row: &RawRow, sign: char) -> Vec<char> {
    row.cells().collect::<Vec<_>>().join(&sign.to_string()).chars().collect()
}

fn text(line: &[char]) -> String {
    line.iter().collect::<String>().trim().to_owned()
}

fn is_ruler(line: &[char]) -> bool {
    line.iter().all(|c| matches!(c, '-' | '=' | ' ')) && line.iter().filter(|c| **c != ' ').count() >= 6
}

/// Where the groups between blanks begin.
fn groups(line: &[char]) -> Vec<usize> {
    (0..line.len()).filter(|at| line[*at] != ' ' && (*at == 0 || line[at - 1] == ' ')).collect()
}

/// Gaps of two blanks and more inside of a line.
fn gaps(line: &[char]) -> usize {
    let begins = |at: &usize| *at >= 3 && line[*at] != ' ' && line[at - 1] == ' ' && line[at - 2] == ' ';
    let inner = |at: &usize| line[..*at].iter().any(|c| *c != ' ');
    (0..line.len()).filter(begins).filter(inner).count()
}

/// The first line in columns, and where the columns begin: behind two blanks that all such lines have.
fn by_blanks(lines: &[(u32, Vec<char>)]) -> Option<(usize, Vec<usize>)> {
    let of_table = || lines.iter().filter(|(_, line)| gaps(line) + 1 >= FEWEST_COLUMNS).map(|(_, line)| line);
    let first = lines.iter().position(|(_, line)| gaps(line) + 1 >= FEWEST_COLUMNS)?;
    if of_table().count() < 3 {
        return None;
    }
    let width = of_table().map(Vec::len).max()?;
    let blank: Vec<bool> = (0..width).map(|at| of_table().all(|line| line.get(at).is_none_or(|c| *c == ' '))).collect();
    let begins = |at: &usize| !blank[*at] && (*at == 0 || blank[at - 1] && (*at == 1 || blank[at - 2]));
    let starts: Vec<usize> = (0..width).filter(begins).collect();
    (starts.len() >= FEWEST_COLUMNS).then_some((first, starts))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(lines: &[&str]) -> Option<Vec<String>> {
        let lines: Vec<RawRow> = (1..)
            .zip(lines)
            .map(|(number, line)| {
                let mut row = RawRow::new(number);
                line.split(',').for_each(|cell| row.push(cell));
                row
            })
            .collect();
        rows(&lines, ',').map(|rows| rows.iter().map(|row| row.cells().collect::<Vec<_>>().join("|")).collect())
    }

    #[test]
    fn a_printed_list_is_read_by_its_ruler_or_by_what_is_blank_in_all_lines() {
        let ruled = shown(&[
            "Equipment of plant 2100",
            "Number Model            Serial",
            "------ ---------------- ------",
            "100001 CPU 315-2 PN/DP  S1",
            "100002 Drive, with fan  S2",
        ]);
        let want = [
            "Equipment of plant 2100",
            "Number|Model|Serial",
            "",
            "100001|CPU 315-2 PN/DP|S1",
            "100002|Drive, with fan|S2",
        ];
        assert_eq!(ruled.unwrap(), want);
        let blanks = shown(&[
            "List of devices",
            "Tag    Model      Firmware",
            "K1     CPU 315-2  V3.2",
            "K2     EDS-408A",
            "K3     PM5560     10.7",
        ]);
        let want = ["List of devices", "Tag|Model|Firmware", "K1|CPU 315-2|V3.2", "K2|EDS-408A|", "K3|PM5560|10.7"];
        assert_eq!(blanks.unwrap(), want);
    }

    #[test]
    fn prose_and_logs_stand_in_no_columns() {
        assert!(shown(&["Hello Tom,", "", "  see you on Monday.  Jim", "two  words"]).is_none());
        assert!(shown(&["10:00 started", "10:01 stopped  now", "---"]).is_none());
        assert!(shown(&[]).is_none());
    }
}
