use super::*;
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Step {
    Insert(u16),
    Begin,
    Finish,
    GiveUp,
    SaveAndLoad,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        12 => any::<u16>().prop_map(Step::Insert),
        2 => Just(Step::Begin),
        2 => Just(Step::Finish),
        1 => Just(Step::GiveUp),
        1 => Just(Step::SaveAndLoad),
    ];
    proptest::collection::vec(step, 1..60)
}

fn key(number: u16) -> String {
    format!("+4930{number}")
}

fn file(name: &str) -> std::path::PathBuf {
    std::env::temp_dir().join(format!("redial-filter-{name}-{}", std::process::id()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn no_is_never_wrong(steps in steps()) {
        let path = file("never");
        let mut filter = Filter::new([7; 16]);
        let mut inserted = Vec::new();
        let mut rebuilding = false;
        for step in steps {
            match step {
                Step::Insert(number) => {
                    filter.insert(filter.hash(&key(number)));
                    inserted.push(number);
                }
                Step::Begin if !rebuilding => {
                    filter.begin_rebuilding();
                    rebuilding = true;
                }
                Step::Finish if rebuilding => {
                    filter.finish_rebuilding(inserted.iter().map(|&number| filter.hash(&key(number))).collect());
                    rebuilding = false;
                }
                Step::GiveUp if rebuilding => {
                    filter.give_up_rebuilding();
                    rebuilding = false;
                }
                Step::SaveAndLoad if !rebuilding => {
                    let _none = std::fs::remove_file(&path);
                    filter.save(&path, b"mark").unwrap();
                    let other = Filter::new([7; 16]);
                    // A rebuilding that was given up leaves generations that are not saved.
                    if path.exists() {
                        prop_assert_eq!(other.load(&path), Some(b"mark".to_vec()));
                        filter = other;
                    }
                }
                _ => {}
            }
            for &number in &inserted {
                prop_assert!(filter.may_contain(&key(number)), "{} is lost", number);
            }
        }
        let _none = std::fs::remove_file(&path);
    }
}

#[test]
fn growing_generation_asks_to_be_settled_and_stays_small() {
    let filter = Filter::new([1; 16]);
    let name = |number: usize| format!("+1415{number:07}");
    let mut all = Vec::new();
    let mut rebuilt = 0;
    for number in 0..200_000 {
        let hash = filter.hash(&name(number));
        filter.insert(hash);
        all.push(hash);
        if filter.wants_rebuilding() {
            filter.begin_rebuilding();
            filter.finish_rebuilding(all.clone());
            rebuilt += 1;
        }
    }
    assert!(rebuilt == 3, "{rebuilt}");
    assert!(filter.bytes() < 4 * all.len(), "{} bytes for {} numbers", filter.bytes(), all.len());
    let wrong = (200_000..300_000).filter(|&number| filter.may_contain(&name(number))).count();
    assert!(wrong < 2_000, "{wrong} of 100,000 others seem to be in");
}

#[test]
fn only_a_whole_file_of_the_same_seed_is_loaded() {
    let path = file("whole");
    let filter = Filter::new([1; 16]);
    filter.start_with((0..1_000).map(|number: u16| filter.hash(&key(number))).collect());
    filter.save(&path, b"here").unwrap();
    let whole = std::fs::read(&path).unwrap();
    assert_eq!(Filter::new([1; 16]).load(&path), Some(b"here".to_vec()));
    assert_eq!(Filter::new([2; 16]).load(&path), None);
    for length in [0, 7, 31, 40, whole.len() / 2, whole.len() - 1] {
        std::fs::write(&path, &whole[..length]).unwrap();
        assert_eq!(Filter::new([1; 16]).load(&path), None, "{length} bytes");
    }
    for place in (0..whole.len()).step_by(whole.len() / 50) {
        let mut damaged = whole.clone();
        damaged[place] ^= 1;
        std::fs::write(&path, &damaged).unwrap();
        let other = Filter::new([1; 16]);
        assert_eq!(other.load(&path), None, "byte {place}");
        assert!(!other.may_contain(&key(1)));
    }
    std::fs::remove_file(&path).unwrap();
}

#[test]
fn hash_is_the_same_for_ever() {
    // Databases hold these hashes: another value here would make every filter forget.
    assert_eq!(Filter::new([3; 16]).hash("+14155550101"), 8_276_230_565_126_779_629);
}
