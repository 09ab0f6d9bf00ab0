//! Policies that are hard to compare: hundreds of statements whose wildcards and conditions overlap in every way, so that
//! few requests can be told to be in one statement alone.

use serde_json::{Value, json};

/// A small generator of pseudo-random numbers (xorshift64*), so that a seed gives the same policies everywhere.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Random {
        Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % n
    }

    fn letters(&mut self, alphabet: &str, most: usize) -> String {
        let bytes = alphabet.as_bytes();
        (0..=self.below(most)).map(|_| char::from(bytes[self.below(bytes.len())])).collect()
    }
}

/// How the two policies of a question relate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// Made apart.
    Unrelated,
    /// The existing one is the new one, its statements shuffled and some widened: mostly nothing new.
    Widened,
    /// The existing one grants everything and forbids in as many statements.
    Denied,
}

/// A question: the new policy and the existing one, of so many statements each.
pub fn question(random: &mut Random, statements: usize, relation: Relation) -> (Value, Value) {
    let policy = |statements: Vec<Value>| json!({"Version": "2012-10-17", "Statement": statements});
    let new: Vec<Value> = (0..statements).map(|_| statement(random)).collect();
    let existing = match relation {
        Relation::Unrelated => (0..statements).map(|_| statement(random)).collect(),
        Relation::Widened => {
            let mut own = new.clone();
            for i in (1..own.len()).rev() {
                own.swap(i, random.below(i + 1));
            }
            for statement in &mut own {
                match random.below(4) {
                    0 => statement["Resource"] = json!("arn:aws:s3:::*"),
                    1 if statement["Effect"] == "Allow" => statement["Condition"] = json!({}),
                    _ => {}
                }
            }
            own
        }
        Relation::Denied => {
            let mut own = vec![json!({"Effect": "Allow", "Action": "*", "Resource": "*"})];
            own.extend((1..statements).map(|_| {
                let mut statement = statement(random);
                statement["Effect"] = json!("Deny");
                statement
            }));
            own
        }
    };
    (policy(new), policy(existing))
}

fn statement(random: &mut Random) -> Value {
    let actions: Vec<String> =
        (0..=random.below(4)).map(|_| format!("s3:*{}*", random.letters("getobjcul", 3))).collect();
    let resources: Vec<String> = (0..=random.below(4))
        .map(|_| {
            format!(
                "arn:aws:s3:::{}*{}*/{}*",
                random.letters("ab", 2),
                random.letters("ab", 2),
                random.letters("xy", 2)
            )
        })
        .collect();
    let tag = format!("s3:ExistingObjectTag/{}", random.letters("kl", 1));
    let other = format!("aws:PrincipalTag/{}", random.letters("mn", 1));
    let values: Vec<String> = (0..=random.below(3)).map(|_| format!("*{}*", random.letters("pq", 3))).collect();
    let mut condition = json!({});
    let operator = ["StringLike", "StringNotLike", "StringLikeIfExists"][random.below(3)];
    condition[operator] = json!({ tag: values });
    match random.below(4) {
        0 => condition["NumericLessThan"] = json!({"s3:max-keys": random.below(50)}),
        1 => {
            condition["IpAddress"] =
                json!({"aws:SourceIp": format!("10.{}.0.0/{}", random.below(4), 8 + random.below(10))})
        }
        2 => condition["StringEquals"] = json!({ other: "${aws:RequestTag/team}" }),
        _ => condition["ForAnyValue:StringLike"] = json!({"aws:TagKeys": format!("{}*", random.letters("pq", 2))}),
    }
    let effect = if random.below(5) == 0 { "Deny" } else { "Allow" };
    json!({"Effect": effect, "Action": actions, "Resource": resources, "Condition": condition})
}
