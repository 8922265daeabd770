//! Devices that push messages go to.

use crate::store::sample::*;
use redial::{
    domain::{
        device::{Device, Ended, Place, PushKeys},
        id::{DeviceId, OwnerId},
    },
    store::{Effect, OfDevice, SharedStore, StoreError},
};

fn device(number: u128, owner: u128, place: Place) -> Device {
    Device {
        id: DeviceId(number),
        owner: OwnerId(owner),
        account: "ios".into(),
        place,
        label: "Ann\u{2019}s phone".into(),
        created: at(1),
        seen: at(2),
        ended: None,
    }
}

fn token(text: &str) -> Place {
    Place::token(text).unwrap()
}

fn set(device: &Device) -> Vec<Effect> {
    vec![Effect::OfDevice(OfDevice::Set(device.clone()))]
}

fn ended(number: u128, when: i64, known: i64) -> Vec<Effect> {
    let (id, at, known) = (DeviceId(number), at(when), at(known));
    vec![Effect::OfDevice(OfDevice::Ended { id, at, why: "410 Unregistered".into(), known })]
}

pub(crate) async fn devices_read_back_as_written(store: &SharedStore) {
    let keys = PushKeys { p256dh: "BCVx".into(), auth: "BTBZ".into() };
    let endpoint = Place::stored(format!("https://push.example.net/{}", "x".repeat(1_900)).into(), Some(keys));
    let (phone, browser) = (device(2, 1, token(&"t".repeat(4_000))), device(1, 1, endpoint));
    for one in [&phone, &browser, &device(3, 2, token("c"))] {
        write(store, set(one)).await;
    }
    assert_eq!(store.devices(OwnerId(1)).await.unwrap(), [browser.clone(), phone.clone()]);
    assert_eq!(store.device(DeviceId(2)).await.unwrap(), Some(phone));
    assert_eq!(store.device(DeviceId(9)).await.unwrap(), None);
    assert!(store.devices(OwnerId(9)).await.unwrap().is_empty());
    let other = PushKeys { p256dh: "BBBB".into(), auth: "CCCC".into() };
    let changed = Device {
        place: Place::stored(browser.place.plain().into(), Some(other)),
        label: "laptop".into(),
        seen: at(7),
        ..browser
    };
    write(store, set(&changed)).await;
    assert_eq!(store.device(DeviceId(1)).await.unwrap(), Some(changed));
}

pub(crate) async fn one_device_is_at_one_place_of_an_account(store: &SharedStore) {
    let (first, other_account) =
        (device(1, 1, token("a")), Device { account: "android".into(), ..device(2, 2, token("a")) });
    write(store, set(&first)).await;
    write(store, set(&other_account)).await;
    assert_eq!(store.device_at("ios", "a").await.unwrap(), Some(first.clone()));
    assert_eq!(store.device_at("android", "a").await.unwrap(), Some(other_account));
    assert_eq!(store.device_at("ios", "b").await.unwrap(), None);
    let second = device(3, 2, token("a"));
    assert!(matches!(refused(store, set(&second)).await, StoreError::Conflict));
    // In one commit the place goes over.
    write(store, [ended(1, 5, 5), set(&second)].concat()).await;
    assert_eq!(store.device_at("ios", "a").await.unwrap(), Some(second));
    assert!(matches!(refused(store, set(&first)).await, StoreError::Conflict), "it cannot come back");
}

pub(crate) async fn device_ends_unless_it_was_registered_since(store: &SharedStore) {
    let one = device(1, 1, token("a"));
    write(store, set(&Device { seen: at(10), ..one.clone() })).await;
    write(store, ended(1, 12, 9)).await;
    assert_eq!(store.device(DeviceId(1)).await.unwrap().unwrap().ended, None, "registered since");
    write(store, ended(1, 12, 10)).await;
    let gone = Some(Ended { at: at(12), why: "410 Unregistered".into() });
    assert_eq!(store.device(DeviceId(1)).await.unwrap().unwrap().ended, gone);
    write(store, ended(1, 20, 20)).await;
    assert_eq!(store.device(DeviceId(1)).await.unwrap().unwrap().ended, gone, "the first reason stays");
    assert_eq!(store.device_at("ios", "a").await.unwrap(), None);
    write(store, ended(9, 20, 20)).await;
}

pub(crate) async fn removed_device_is_gone_for_its_owner_alone(store: &SharedStore) {
    write(store, set(&device(1, 1, token("a")))).await;
    let removed = |owner| vec![Effect::OfDevice(OfDevice::Removed(OwnerId(owner), DeviceId(1)))];
    write(store, removed(2)).await;
    assert!(store.device(DeviceId(1)).await.unwrap().is_some());
    write(store, removed(1)).await;
    assert_eq!(store.device(DeviceId(1)).await.unwrap(), None);
    write(store, removed(1)).await;
}
