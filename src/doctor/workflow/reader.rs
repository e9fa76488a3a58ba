// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Reads what GitHub documents of a workflow
//! (<https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax>)
//! and passes over the rest.

use std::cell::Cell;

use super::{
    Concurrency, Conditions, Declared, Job, Output, Permissions, Step, Strategy, Trigger, Uses,
    Variable, With, Word, Workflow,
};
use crate::config::yaml::{self, Map, Node, Place, Value, YamlError};
use crate::doctor::expression::with_env;

impl Workflow {
    /// Reads the bytes of a file of this path.
    ///
    /// # Errors
    /// It is no YAML that is read, or no workflow.
    pub fn read(path: &str, bytes: &[u8]) -> Result<Self, YamlError> {
        let (text, root) = yaml::read_foreign(bytes)?;
        let Value::Map(map) = &root.value else {
            return Err(YamlError {
                place: Place::of(&root),
                expected: "a mapping, as a workflow is".to_owned(),
                found: root.value.word().to_owned(),
            });
        };
        let reader = Reader {
            text,
            room: Cell::new(yaml::LIMIT),
        };
        let env = reader.env(map);
        let jobs = map_of(map, "jobs").into_iter().flatten();
        Ok(Self {
            path: path.to_owned(),
            triggers: get(map, "on").map_or_else(Vec::new, |(_, on)| reader.triggers(on)),
            permissions: reader.permissions(map),
            concurrency: reader.concurrency(map),
            env: env.clone(),
            jobs: jobs
                .filter_map(|(key, job)| match &job.value {
                    Value::Map(job) => Some(reader.job(word(key), job, &env)),
                    _ => None,
                })
                .collect(),
        })
    }
}

/// The value of a key, with the key.
pub(in crate::doctor) fn get<'a>(
    map: &'a Map,
    name: &str,
) -> Option<(&'a serde_yaml::Spanned<String>, &'a Node)> {
    let entry = map.iter().find(|(key, _)| key.value == name);
    entry.map(|(key, node)| (key, node))
}

/// The mapping under a key.
pub(in crate::doctor) fn map_of<'a>(map: &'a Map, name: &str) -> Option<&'a Map> {
    match &get(map, name)?.1.value {
        Value::Map(map) => Some(map),
        _ => None,
    }
}

fn word(key: &serde_yaml::Spanned<String>) -> Word {
    Word {
        text: key.value.clone(),
        place: Place::of(key),
    }
}

struct Reader<'a> {
    text: &'a str,
    /// How many bytes of variables may still be put in: a short file could name
    /// a long one many times.
    room: Cell<usize>,
}

impl Reader<'_> {
    /// A scalar as text, as GitHub hands it on.
    fn scalar(&self, node: &Node) -> Option<Word> {
        let text = match &node.value {
            Value::Text(text) => text.clone(),
            Value::Flag(flag) => flag.to_string(),
            Value::Number => yaml::written(self.text, node).to_owned(),
            Value::Nothing | Value::List(_) | Value::Map(_) => return None,
        };
        let place = Place::of(node);
        Some(Word { text, place })
    }

    /// One scalar, or a list of them.
    fn scalars(&self, node: &Node) -> Vec<Word> {
        match &node.value {
            Value::List(items) => items.iter().filter_map(|it| self.scalar(it)).collect(),
            _ => self.scalar(node).into_iter().collect(),
        }
    }

    fn env(&self, map: &Map) -> Vec<Variable> {
        let variables = map_of(map, "env").into_iter().flatten();
        variables
            .filter_map(|(key, node)| {
                let value = self.scalar(node)?.text;
                let name = word(key);
                Some(Variable { name, value })
            })
            .collect()
    }

    fn conditions(&self, map: &Map) -> Conditions {
        let said = |name: &str| get(map, name).and_then(|it| self.scalar(it.1));
        Conditions {
            condition: said("if"),
            continues: said("continue-on-error"),
        }
    }

    fn strategy(&self, job: &Map) -> Option<Strategy> {
        let (key, node) = get(job, "strategy")?;
        let Value::Map(map) = &node.value else {
            return None;
        };
        let list = |node: &Node| match &node.value {
            Value::List(_) => Some(self.scalars(node).into_iter().map(|it| it.text).collect()),
            _ => None,
        };
        let lists = map_of(map, "matrix").into_iter().flatten();
        Some(Strategy {
            place: Place::of(key),
            fail_fast: get(map, "fail-fast").and_then(|it| self.scalar(it.1)),
            max_parallel: get(map, "max-parallel").and_then(|it| self.scalar(it.1)),
            matrix: get(map, "matrix").and_then(|it| self.scalar(it.1)),
            lists: lists
                .map(|(key, node)| (key.value.clone(), list(node)))
                .collect(),
        })
    }

    /// The value with what the nearest `env:` says of each variable.
    fn with_env(&self, value: &str, near: &[&[Variable]; 3]) -> String {
        let of = |name: &str| {
            let mut all = near.iter().flat_map(|env| env.iter());
            let value = &all.find(|it| it.name.text == name)?.value;
            let room = self.room.get().checked_sub(value.len())?;
            self.room.set(room);
            Some(value.clone())
        };
        with_env(value, &of)
    }

    fn triggers(&self, on: &Node) -> Vec<Trigger> {
        let Value::Map(map) = &on.value else {
            let plain = |event| Trigger {
                event,
                inputs: Vec::new(),
            };
            return self.scalars(on).into_iter().map(plain).collect();
        };
        map.iter()
            .map(|(key, node)| Trigger {
                event: word(key),
                inputs: match &node.value {
                    Value::Map(event) => self.declared(event),
                    _ => Vec::new(),
                },
            })
            .collect()
    }

    fn declared(&self, event: &Map) -> Vec<Declared> {
        let inputs = map_of(event, "inputs").into_iter().flatten();
        let declared = |name: &str, node: &Node| {
            let said = |key: &str| match &node.value {
                Value::Map(input) => self.scalar(get(input, key)?.1).map(|word| word.text),
                _ => None,
            };
            let default = said("default").filter(|text| !text.trim().is_empty());
            let options = match &node.value {
                Value::Map(input) => get(input, "options").map(|it| self.scalars(it.1)),
                _ => None,
            };
            let first = options.and_then(|options| options.into_iter().next());
            let default = default.or_else(|| first.map(|word| word.text));
            let is_text = said("type").is_none_or(|kind| kind == "string");
            let is_required = said("required").as_deref() == Some("true");
            Declared {
                name: name.to_owned(),
                may_be_empty: is_text && !is_required && default.is_none(),
                default,
            }
        };
        inputs
            .map(|(key, node)| declared(&key.value, node))
            .collect()
    }

    fn permissions(&self, map: &Map) -> Option<Permissions> {
        let (key, node) = get(map, "permissions")?;
        let scopes = match &node.value {
            Value::Map(scopes) => scopes.as_slice(),
            _ => &[],
        };
        Some(Permissions {
            place: Place::of(key),
            all: self.scalar(node).map(|word| word.text),
            scopes: scopes
                .iter()
                .filter_map(|(key, node)| Some((word(key), self.scalar(node)?.text)))
                .collect(),
        })
    }

    fn concurrency(&self, map: &Map) -> Option<Concurrency> {
        let (key, node) = get(map, "concurrency")?;
        let within = |name: &str| match &node.value {
            Value::Map(map) => get(map, name).and_then(|it| self.scalar(it.1)),
            _ => None,
        };
        let cancels = within("cancel-in-progress");
        let group = self.scalar(node).or_else(|| within("group"));
        Some(Concurrency {
            group: group.map(|word| word.text),
            place: Place::of(key),
            cancels,
        })
    }

    fn job(&self, id: Word, job: &Map, env: &[Variable]) -> Job {
        let own = self.env(job);
        let node = |name: &str| get(job, name).map(|(_, node)| node);
        let environment = node("environment").and_then(|node| match &node.value {
            Value::Map(map) => self.scalar(get(map, "name")?.1),
            _ => self.scalar(node),
        });
        let runs_on = node("runs-on").map_or_else(Vec::new, |node| match &node.value {
            Value::Map(map) => get(map, "labels").map_or_else(Vec::new, |it| self.scalars(it.1)),
            _ => self.scalars(node),
        });
        let group = map_of(job, "runs-on").and_then(|map| get(map, "group"));
        let is_container = |key: &str| key == "container" || key == "services";
        let containers = job.iter().filter(|(key, _)| is_container(&key.value));
        let steps = match node("steps").map(|node| &node.value) {
            Some(Value::List(steps)) => steps.as_slice(),
            _ => &[],
        };
        let needs = node("needs").map_or_else(Vec::new, |node| self.scalars(node));
        let outputs = map_of(job, "outputs").into_iter().flatten();
        Job {
            id,
            permissions: self.permissions(job),
            environment: environment.filter(|name| !name.text.trim().is_empty()),
            concurrency: self.concurrency(job),
            needs: needs.into_iter().map(|word| word.text).collect(),
            outputs: outputs
                .map(|(key, node)| Output {
                    name: key.value.clone(),
                    value: self.scalar(node).map(|word| word.text),
                })
                .collect(),
            runs_on,
            conditions: self.conditions(job),
            strategy: self.strategy(job),
            runner_group: group.and_then(|it| self.scalar(it.1)),
            containers: containers.map(|(key, _)| word(key)).collect(),
            uses: node("uses").and_then(|node| self.uses(node)),
            steps: steps
                .iter()
                .filter_map(|step| self.step(step, [&own, env]))
                .collect(),
            env: own,
        }
    }

    fn step(&self, node: &Node, envs: [&[Variable]; 2]) -> Option<Step> {
        let Value::Map(step) = &node.value else {
            return None;
        };
        let with = map_of(step, "with").into_iter().flatten();
        let own = self.env(step);
        let near = [own.as_slice(), envs[0], envs[1]];
        Some(Step {
            id: get(step, "id")
                .and_then(|it| self.scalar(it.1))
                .map(|id| id.text),
            uses: get(step, "uses").and_then(|it| self.uses(it.1)),
            with: with
                .map(|(key, node)| With {
                    name: Word {
                        text: key.value.to_ascii_lowercase(),
                        place: Place::of(key),
                    },
                    value: match &node.value {
                        // The runner makes an empty text of it.
                        Value::Nothing => Some(String::new()),
                        _ => self
                            .scalar(node)
                            .map(|word| self.with_env(&word.text, &near)),
                    },
                    reshaped: node.value == Value::Number && self.is_reshaped(node),
                })
                .collect(),
            conditions: self.conditions(step),
            place: Place::of(node),
            env: own,
        })
    }

    /// A number is read as one and written anew: `1.10` becomes `1.1`.
    fn is_reshaped(&self, node: &Node) -> bool {
        let written = yaml::written(self.text, node);
        let number: Option<f64> = written.parse().ok();
        number.is_none_or(|number| number.to_string() != written)
    }

    fn uses(&self, node: &Node) -> Option<Uses> {
        let Word { text, place } = self.scalar(node)?;
        let line = usize::try_from(place.line).ok()?.checked_sub(1);
        let line = line.and_then(|line| self.text.lines().nth(line));
        let comment = line
            .and_then(|line| line.split_once(text.as_str()))
            .and_then(|(_, rest)| rest.split_once(" #"))
            .map(|(_, comment)| comment.trim().to_owned());
        Some(Uses {
            text,
            place,
            comment,
        })
    }
}

#[cfg(test)]
mod tests;
