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
                    for &number in &inserted {
                        filter.settle(filter.hash(&key(number)));
                    }
                    filter.finish_rebuilding();
                    rebuilding = false;
                }
                Step::GiveUp if rebuilding => {
                    filter.give_up_rebuilding();
                    rebuilding = false;
                }
                Step::SaveAndLoad => {
                    filter.save(&path, b"mark").unwrap();
                    filter = Filter::new([7; 16]);
                    prop_assert_eq!(filter.load(&path), Some(b"mark".to_vec()));
                    rebuilding = false;
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
fn full_filter_asks_for_a_larger_one_and_stays_small() {
    let filter = Filter::new([1; 16]);
    let name = |number: usize| format!("+1415{number:07}");
    let mut rebuilt = Vec::new();
    for number in 0..400_000 {
        filter.insert(filter.hash(&name(number)));
        if filter.wants_rebuilding() {
            filter.begin_rebuilding();
            (0..=number).for_each(|number| filter.settle(filter.hash(&name(number))));
            filter.finish_rebuilding();
            rebuilt.push(number);
        }
    }
    // Each has room for half as many again, but for the few that seemed to be in already.
    assert_eq!(rebuilt.len(), 3, "{rebuilt:?}");
    assert!(filter.bytes() < 4 * 400_000, "{} bytes", filter.bytes());
    let wrong = (400_000..1_000_000).filter(|&number| filter.may_contain(&name(number))).count();
    assert!(wrong < 600, "{wrong} of 600,000 others seem to be in");
}

#[test]
fn rebuilding_that_is_given_up_is_asked_for_again_later() {
    let filter = Filter::new([1; 16]);
    let insert = |numbers: std::ops::Range<usize>| {
        numbers.for_each(|number| filter.insert(filter.hash(&format!("+1415{number:07}"))));
    };
    insert(0..LEAST + LEAST / 50);
    assert!(filter.wants_rebuilding());
    filter.begin_rebuilding();
    assert!(!filter.wants_rebuilding(), "it is under way");
    filter.give_up_rebuilding();
    assert!(!filter.wants_rebuilding());
    insert(LEAST + LEAST / 50..2 * LEAST);
    assert!(filter.wants_rebuilding());
}

#[test]
fn one_that_is_unread_says_yes_until_it_is_rebuilt() {
    let filter = Filter::unread([1; 16]);
    let of = |number| filter.hash(&key(number));
    filter.begin_with(3);
    filter.insert(of(1));
    filter.give_up_rebuilding();
    assert!(filter.is_unread() && filter.wants_rebuilding() && filter.may_contain(&key(9)));
    filter.begin_with(3);
    filter.insert(of(1));
    filter.settle(of(2));
    assert!(filter.may_contain(&key(9)) && !filter.wants_rebuilding());
    filter.finish_rebuilding();
    assert!(filter.may_contain(&key(1)) && filter.may_contain(&key(2)) && !filter.may_contain(&key(9)));
    assert!(!filter.is_unread() && !filter.wants_rebuilding());
}

#[test]
fn only_a_whole_file_of_the_same_seed_is_loaded() {
    let path = file("whole");
    let filter = Filter::new([1; 16]);
    (0..1_000).for_each(|number: u16| filter.insert(filter.hash(&key(number))));
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
