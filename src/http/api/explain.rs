//! `/v1/explain/{id}`: why something came out as it did, for operators (rule Q10).

use super::{
    call::Call,
    record_view::{NoticeView, PassedView, QueryView, SubstitutionView},
    reply::Reply,
};
use crate::{
    clock::Time,
    domain::id::OwnerId,
    http::problem::Problem,
    store::REPLY,
    usecase::{
        Rules,
        explain::{self, Explained, sentence},
    },
};
use serde::Serialize;

/// What is known of one id.
#[derive(Debug, Default, Serialize, utoipa::ToSchema)]
pub(super) struct ExplanationView {
    /// `query`, `substitution`, `passed`, `notice`, or `unrecorded`: a query in which no owner's former address was involved.
    kind: &'static str,
    /// The rule that decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<&'static str>,
    /// A sentence for a person.
    sentence: String,
    /// The owner that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    owner: Option<OwnerId>,
    /// The query.
    #[serde(skip_serializing_if = "Option::is_none")]
    query: Option<QueryView>,
    /// What went elsewhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    substitution: Option<SubstitutionView>,
    /// The message that went on unchanged.
    #[serde(skip_serializing_if = "Option::is_none")]
    passed: Option<PassedView>,
    /// The notice with its attempts.
    #[serde(skip_serializing_if = "Option::is_none")]
    notice: Option<NoticeView>,
}

/// Why a query (`qry_…`), a substitution (`sub_…`), a message that went on unchanged (`psd_…`) or a notice (`ntc_…`) came out as it
/// did; or a message or call, by its id at a provider.
#[utoipa::path(get, path = "/v1/explain/{id}", responses((status = 200, body = ExplanationView)))]
pub(super) async fn explain(call: &Call) -> Result<Reply, Problem> {
    let accounts = &call.api.live.now().accounts.clone();
    let explained = explain::explain(&call.api.env, call.segment("id"), accounts).await?;
    Ok(Reply::json(200, &view(&explained, &call.api.env.rules(), call.api.env.clock.now())))
}

fn view(explained: &Explained, rules: &Rules, now: Time) -> ExplanationView {
    match explained {
        Explained::Query(record, substitution) => {
            let (rule, sentence) = sentence(record.because);
            ExplanationView {
                kind: "query",
                rule: Some(rule),
                sentence: sentence.to_owned(),
                owner: Some(record.owner),
                query: Some(record.into()),
                substitution: substitution.as_ref().map(Into::into),
                ..ExplanationView::default()
            }
        }
        Explained::Unrecorded(_) => ExplanationView {
            kind: "unrecorded",
            sentence: "No owner's former address was involved, so nothing was recorded.".to_owned(),
            ..ExplanationView::default()
        },
        Explained::Substitution(substitution, record) => ExplanationView {
            kind: "substitution",
            rule: record.as_ref().map(|record| sentence(record.because).0),
            sentence: if *substitution.channel == *REPLY {
                "A reply from the new number; its sender sees it come from the number that was used.".to_owned()
            } else {
                format!("A {} went to the new number: the owner's groups allow it.", substitution.channel)
            },
            owner: Some(substitution.owner),
            query: record.as_ref().map(Into::into),
            substitution: Some(substitution.into()),
            ..ExplanationView::default()
        },
        Explained::Passed(passed, again) => ExplanationView {
            kind: "passed",
            rule: Some("Q6"),
            sentence: explain::fate(&passed.fate),
            owner: again.as_ref().map(|again| again.owner),
            substitution: again.as_ref().map(Into::into),
            passed: Some(passed.into()),
            ..ExplanationView::default()
        },
        Explained::Notice(notice, attempts) => ExplanationView {
            kind: "notice",
            rule: Some("N3"),
            sentence: notice.why(),
            owner: Some(notice.owner),
            notice: Some(NoticeView::with(notice, attempts, rules, now)),
            ..ExplanationView::default()
        },
    }
}
