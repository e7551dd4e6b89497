//! Judging one nameplate without storing it.

use axum::Json;
use axum::extract::State;

use super::json::{AdvisoryName, JudgedFinding, Judgement, Nameplate, Problem as ProblemJson};
use crate::domain::asset::Standing;
use crate::domain::matching::{match_variant, why_unchecked};
use crate::domain::nameplate::{Nameplate as Plate, Variant};
use crate::web::error::Problem;
use crate::web::state::AppState;
use crate::web::viewer::Viewer;

/// The longest text of a nameplate, in bytes.
const LONGEST: usize = 1000;

/// Judges one nameplate against all advisories; nothing is stored
#[utoipa::path(post, path = "/api/v1/check", tag = "check", request_body = Nameplate, responses(
    (status = 200, body = Judgement),
    (status = 400, body = ProblemJson),
    (status = "default", body = ProblemJson)
))]
pub async fn judge(
    State(state): State<AppState>,
    _: Viewer,
    Json(asked): Json<Nameplate>,
) -> Result<Json<Judgement>, Problem> {
    let texts = [
        &asked.vendor,
        &asked.model,
        &asked.part_number,
        &asked.hardware_revision,
        &asked.firmware,
        &asked.serial_number,
    ];
    if let Some(long) = texts.iter().find(|text| text.len() > LONGEST) {
        let n = long.len();
        return Err(Problem::bad_request(format!(
            "cannot check the nameplate: expected texts of at most {LONGEST} bytes, found one of {n}"
        )));
    }
    let knowledge = state.knowledge().get(state.db()).await.map_err(Problem::internal)?;
    let nameplate = Plate {
        vendor: asked.vendor,
        model: asked.model,
        part_number: asked.part_number,
        hardware_revision: asked.hardware_revision,
    };
    let variant = Variant { nameplate, firmware: asked.firmware, notes: String::new() };
    let index = &knowledge.index;
    let matches = tokio::task::block_in_place(|| match_variant(index, &variant, &asked.serial_number));
    let unchecked = if matches.is_empty() { why_unchecked(index, &variant) } else { None };
    let standing = match matches.iter().map(|found| found.verdict).max() {
        Some(worst) => Standing::of_verdict(worst),
        None if unchecked.is_some() => Standing::CannotBeChecked,
        None => Standing::NotNamed,
    };
    let mut matches = matches;
    matches.sort_by_key(|found| std::cmp::Reverse(found.verdict));
    let findings = matches.into_iter().map(|found| {
        let advisory = &index.advisories()[found.advisory as usize];
        let key = advisory.key();
        JudgedFinding {
            advisory: AdvisoryName { id: key.id, namespace: key.namespace, title: advisory.title.clone() },
            verdict: found.verdict.word(),
            sure: found.confidence.word(),
            reason: found.reason,
            doubts: found.doubts.into_iter().map(|doubt| doubt.detail).collect(),
            fix: found.fix,
            what_would_change: found.what_would_change_it,
            product_pointer: advisory.products[found.product as usize].pointer.clone(),
        }
    });
    Ok(Json(Judgement {
        standing: standing.word(),
        unchecked,
        findings: findings.collect(),
        n_advisories: index.advisories().len() as u64,
        engine: format!("nameplate {}", env!("CARGO_PKG_VERSION")),
    }))
}
