//! Proof, hold, sign-in and exchange, from the use cases to the messages that leave (rules C1 to C3, C7 to C9, C11, E1 to E4).

mod alike;
mod asleep;
mod at_once;
mod change;
mod draft;
mod exchange;
mod hostile;
mod panic;
mod passkey;
mod sign_in;
mod spelling;
mod world;
