//! `/review`: one question at a time and the effect of its answer; readings to take; what was decided.

mod card;
mod readings;

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::http::header;
use axum::response::{IntoResponse, Redirect, Response};

use crate::domain::rescan::Scope;
use crate::domain::review::{Answer, KnownAnswer, OpenQuestion, QuestionKind};
use crate::services::aliases::{AliasError, export_aliases, import_alias_text};
use crate::services::decide_match::{Decide, For, decide};
use crate::services::progress::Silent;
use crate::store;
use crate::store::review::Queue;
use crate::web::error::Problem;
use crate::web::form::Fields;
use crate::web::frame::{Frame, Nav, render};
use crate::web::pages::rescans;
use crate::web::partials::{Sentence, SeverityBadge, counted, grouped};
use crate::web::query::ListQuery;
use crate::web::state::AppState;
use crate::web::viewer::Viewer;

use card::Card;
pub use readings::{save as save_readings, show as show_readings};

/// The four lists of the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tab {
    Decide,
    Read,
    Conditions,
    Decided,
}

const TABS: [(&str, Tab); 4] =
    [("decide", Tab::Decide), ("read", Tab::Read), ("conditions", Tab::Conditions), ("decided", Tab::Decided)];

/// Rows of a list on one page.
const PAGE: u32 = 50;

#[derive(Template)]
#[template(path = "review.html")]
struct ReviewPage {
    frame: Frame,
    tab: Tab,
    /// (word, label, how many wait), in the order of the tabs.
    tabs: Vec<(&'static str, &'static str, u64)>,
    /// How many exposures the questions of the tab settle.
    n_settles: u64,
    /// How many questions the tab has.
    n_tab: u64,
    card: Option<Card>,
    readings: Vec<OpenQuestion>,
    answers: Vec<KnownAnswer>,
    only_rejected: bool,
    next: Option<String>,
    last: Option<KnownAnswer>,
}

impl ReviewPage {
    fn is(&self, word: &str) -> bool {
        TABS.iter().any(|(known, tab)| *known == word && *tab == self.tab)
    }

    fn grouped(&self, n: &u64) -> String {
        grouped(*n)
    }

    fn counted(&self, n: &u64, one: &str, many: &str) -> String {
        counted(*n, one, many)
    }

    fn readings_of(question: &OpenQuestion) -> String {
        readings::in_words(&question.question)
    }
}

/// `GET /review?tab=&at=`.
pub async fn show(
    State(state): State<AppState>,
    viewer: Viewer,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let query = ListQuery::parse(query.as_deref(), &["tab", "at", "did", "only", "after"])?;
    let tab = query.choice("tab", &TABS)?;
    let (db, sites) = (state.db(), &viewer.sites);
    let count = async |queue| store::review::count_questions(db, queue, sites).await;
    let decide = count(Queue::Waiting(QuestionKind::Product)).await?;
    let conditions = count(Queue::Waiting(QuestionKind::Condition)).await?;
    let read = count(Queue::Waiting(QuestionKind::Reading)).await?;
    let cannot_tell = count(Queue::CannotTell).await?;
    let n_decided = store::review::count_answers(db, sites).await?;
    let at: u64 = query.value("at").and_then(|at| at.parse().ok()).unwrap_or(0);
    let mut page = ReviewPage {
        frame: Frame::load(&state, &viewer, Nav::Review, "Review").await?,
        tab,
        tabs: vec![
            ("decide", "To decide", decide.0),
            ("read", "To read", read.0 + cannot_tell.0),
            ("conditions", "Conditions", conditions.0),
            ("decided", "Decided", n_decided),
        ],
        n_settles: 0,
        n_tab: match tab {
            Tab::Decide => decide.0,
            Tab::Read => read.0 + cannot_tell.0,
            Tab::Conditions => conditions.0,
            Tab::Decided => n_decided,
        },
        card: None,
        readings: Vec::new(),
        answers: Vec::new(),
        only_rejected: query.value("only") == Some("rejected"),
        next: None,
        last: None,
    };
    match tab {
        Tab::Decide | Tab::Conditions => {
            let is_product = tab == Tab::Decide;
            let kind = if is_product { QuestionKind::Product } else { QuestionKind::Condition };
            let (n, n_settles) = if is_product { decide } else { conditions };
            page.n_settles = n_settles;
            // Who skipped the last one begins again.
            let at = if at >= n { 0 } else { at };
            let open = store::review::list_questions(db, Queue::Waiting(kind), sites, at, 1).await?;
            page.card = match open.into_iter().next() {
                Some(question) => Some(Card::load(&state, &viewer, question, at, n).await?),
                None => None,
            };
            if page.card.is_none() {
                page.last = store::review::list_answers_of(db, sites, None, None, 1).await?.pop();
            }
        }
        Tab::Read => {
            let first = store::review::list_questions(db, Queue::CannotTell, sites, at, PAGE).await?;
            let rest = PAGE - u32::try_from(first.len()).unwrap_or(PAGE);
            let skip = at.saturating_sub(cannot_tell.0);
            page.readings = first;
            let queue = Queue::Waiting(QuestionKind::Reading);
            page.readings.extend(store::review::list_questions(db, queue, sites, skip, rest).await?);
            let next = at + u64::from(PAGE);
            page.n_settles = read.1 + cannot_tell.1;
            page.next = (next < read.0 + cannot_tell.0).then(|| format!("/review?tab=read&at={next}"));
        }
        Tab::Decided => {
            let only = page.only_rejected.then_some(Answer::Different);
            let before = query.after().and_then(|after| after.parse().ok());
            page.answers = store::review::list_answers_of(db, sites, only, before, PAGE).await?;
            let last = page.answers.last().filter(|_| page.answers.len() == PAGE as usize);
            page.next =
                last.map(|last| query.page(&last.answer_id.to_string(), 0).to_string()).map(|q| format!("/review{q}"));
        }
    }
    page.frame.done = super::acts::bar(&state, &viewer, query.value("did"), &address(tab, at)).await?;
    render(&page)
}

fn address(tab: Tab, at: u64) -> String {
    let word = TABS.iter().find(|(_, known)| *known == tab).map_or("", |(word, _)| word);
    if at == 0 { format!("/review?tab={word}") } else { format!("/review?tab={word}&at={at}") }
}

/// `POST /review`: an answer. The next question comes with the effect of this one.
pub async fn answer(State(state): State<AppState>, viewer: Viewer, body: String) -> Result<Response, Problem> {
    let viewer = viewer.editing()?;
    let form = Fields::read(body.as_bytes());
    let Some(answer) = Answer::from_word(form.get("answer").trim()) else {
        let known: Vec<String> = Answer::ALL.into_iter().map(|answer| format!("`{}`", answer.word())).collect();
        let found = form.get("answer").trim();
        return Err(Problem::bad_request(format!(
            "cannot answer: expected one of {}, found `{found}`",
            known.join(", ")
        )));
    };
    let whom = match form.get("whom").trim() {
        "" | "all" => For::All,
        "site" => For::Site(form.get("site").trim().to_owned()),
        "asset" => match form.get("asset").trim().parse() {
            Ok(asset_id) => For::Asset(asset_id),
            Err(_) => return Err(Problem::bad_request("cannot answer for one asset: expected the asset, found none")),
        },
        other => {
            return Err(Problem::bad_request(format!(
                "cannot answer: expected `whom` to be one of `all`, `site`, `asset`, found `{other}`"
            )));
        }
    };
    let given = Decide {
        question: form.get("question").trim().to_owned(),
        fingerprint: form.get("fingerprint").trim().to_owned(),
        answer,
        whom,
        for_later: !form.get("later").trim().is_empty(),
        note: form.get("note").trim().to_owned(),
    };
    let decided = decide(state.db(), &given, &viewer.name, &viewer.sites, state.now(), &Silent)
        .await
        .map_err(super::acts::decide_problem)?;
    let is_condition = matches!(answer, Answer::Holds | Answer::DoesNotHold);
    let at = form.get("at").trim().parse().unwrap_or(0);
    let back = address(if is_condition { Tab::Conditions } else { Tab::Decide }, at);
    Ok(Redirect::to(&super::acts::back_with(&back, decided.audit_id)).into_response())
}

/// `POST /review/aliases`: adds the entries of a pack that somebody else exported, and judges everything with them.
pub async fn add_pack(State(state): State<AppState>, viewer: Viewer, body: String) -> Result<Response, Problem> {
    // What a pack says holds at all sites.
    let viewer = viewer.administrating()?;
    let form = Fields::read(body.as_bytes());
    let added =
        import_alias_text(state.db(), "the pack", form.get("pack"), &viewer.name).await.map_err(
            |error| match error {
                AliasError::Store(error) => error.into(),
                error => Problem::bad_request(error.to_string()),
            },
        )?;
    if added.n_added == 0 {
        return Err(Problem::bad_request(format!(
            "nothing was added: all {} entries of the pack are in force already",
            added.n_known
        )));
    }
    rescans::start(&state, &viewer, Scope::All).await
}

/// `GET /review/aliases.toml`: everything that was decided and taught, as a pack for others.
pub async fn pack(State(state): State<AppState>, viewer: Viewer) -> Result<Response, Problem> {
    // Answers name the sites that they are for.
    viewer.seeing_all("the answers of all")?;
    let pack = export_aliases(state.db()).await?;
    let headers = [
        (header::CONTENT_TYPE, "application/toml; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"aliases.toml\""),
    ];
    Ok((headers, pack).into_response())
}
