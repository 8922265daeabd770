//! The example in `docs/provider-files.md` is a provider file that works.

use redial::provider::{Capability, Provider};
use std::sync::Arc;

const DOCS: &str = include_str!("../../../docs/provider-files.md");

/// The text of the fenced block that follows a line.
pub(crate) fn block(after: &str) -> &'static str {
    let start = DOCS.find(after).expect("the line is in the docs");
    let open = DOCS[start..].find("```toml\n").expect("a block follows") + start + "```toml\n".len();
    let close = DOCS[open..].find("\n```").expect("the block ends") + open + 1;
    &DOCS[open..close]
}

#[test]
fn the_documented_example_loads_and_agrees_with_its_samples() {
    let provider = Provider::load(block("`providers/acme.toml`:"), "docs").map_err(|wrong| wrong.to_string()).unwrap();
    assert!(provider.can(Capability::Send) && provider.can(Capability::CallHook) && provider.can(Capability::Via));
    let wrong = Arc::new(provider).check(&[("docs samples", block("`providers/acme/samples.toml`:"))]);
    assert!(wrong.is_empty(), "{}", wrong.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"));
}
