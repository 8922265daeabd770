//! Proof, hold and sign-in, from the use cases to the messages that leave (rules C1, C3, C7, C9, C11).

mod alike;
mod asleep;
mod at_once;
mod change;
mod draft;
mod hostile;
mod panic;
mod passkey;
mod sign_in;
mod spelling;
mod world;
