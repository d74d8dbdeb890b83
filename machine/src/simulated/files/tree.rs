//! Files, folders and links of a simulated machine, and which of them are there now.

use std::collections::BTreeMap;
use std::io;

use crate::contract::files::Kind;
use crate::files::{Look, Tree, natural};
use crate::simulated::profile::Fault;
use crate::simulated::world::World;

/// Links that one path may lead through, as in the kernel.
const MAX_LINKS: u32 = 40;

/// What a file says now, with the line end that the kernel writes; or what the kernel answers instead.
pub type Says = Result<String, &'static str>;

/// A part with which files come and go.
#[derive(Clone, Debug)]
pub enum Part {
    /// A memory module, by its slot.
    Dimm(String),
    /// A disk, by the kernel's name.
    Disk(String),
    /// A GPU, by its name in the profile.
    Gpu(String),
}

impl Part {
    fn is_there(&self, world: &World) -> bool {
        !world.any(|fault| match (self, fault) {
            (Part::Dimm(slot), Fault::DimmMissing { dimm }) => slot == dimm,
            (Part::Disk(name), Fault::DiskMissing { disk }) => name == disk,
            (Part::Gpu(name), Fault::GpuOffBus { gpu }) => name == gpu,
            _ => false,
        })
    }
}

/// Writes a table as it is now.
type Bytes = Box<dyn Fn(&World) -> Vec<u8> + Send + Sync>;

/// Writes a file as it is now.
type Now = Box<dyn Fn(&World) -> Says + Send + Sync>;

enum Node {
    Text(String),
    Bytes(Bytes),
    Now(Now),
    Link(String),
}

/// The tree. Paths have no leading slash, and folders are there by what is in them.
#[derive(Default)]
pub struct Files {
    nodes: BTreeMap<String, (Option<Part>, Node)>,
    part: Option<Part>,
}

impl Files {
    /// What is added in `add` comes and goes with a part.
    pub fn of_part(&mut self, part: Option<Part>, add: impl FnOnce(&mut Files)) {
        let before = std::mem::replace(&mut self.part, part);
        add(self);
        self.part = before;
    }

    /// A file that always says the same.
    pub fn text(&mut self, path: impl Into<String>, text: impl std::fmt::Display) {
        self.put(path.into(), Node::Text(format!("{text}\n")));
    }

    /// A file that says what the machine does now.
    pub fn now(
        &mut self,
        path: impl Into<String>,
        says: impl Fn(&World) -> Says + Send + Sync + 'static,
    ) {
        self.put(path.into(), Node::Now(Box::new(says)));
    }

    /// A table of bytes, as it is now.
    pub fn table(
        &mut self,
        path: impl Into<String>,
        says: impl Fn(&World) -> Vec<u8> + Send + Sync + 'static,
    ) {
        self.put(path.into(), Node::Bytes(Box::new(says)));
    }

    /// A counter, or another number.
    pub fn number(
        &mut self,
        path: impl Into<String>,
        counts: impl Fn(&World) -> u64 + Send + Sync + 'static,
    ) {
        self.now(path, move |world| Ok(format!("{}\n", counts(world))));
    }

    /// A link to a path of this tree.
    pub fn link(&mut self, path: impl Into<String>, target: impl Into<String>) {
        self.put(path.into(), Node::Link(target.into()));
    }

    fn put(&mut self, path: String, node: Node) {
        self.nodes.insert(path, (self.part.clone(), node));
    }
}

/// The tree as it is now.
pub struct View<'a> {
    files: &'a Files,
    world: &'a World,
}

impl<'a> View<'a> {
    pub fn new(files: &'a Files, world: &'a World) -> Self {
        View { files, world }
    }

    fn node(&self, path: &str) -> Option<&'a Node> {
        let (part, node) = self.files.nodes.get(path)?;
        self.is_there(part).then_some(node)
    }

    fn is_there(&self, part: &Option<Part>) -> bool {
        part.as_ref().is_none_or(|part| part.is_there(self.world))
    }

    /// What the file at a path without links says; `None`: there is no file.
    pub fn bytes(&self, path: &str) -> Option<Result<Vec<u8>, &'static str>> {
        match self.node(path)? {
            Node::Text(text) => Some(Ok(text.clone().into_bytes())),
            Node::Bytes(says) => Some(Ok(says(self.world))),
            Node::Now(says) => Some(says(self.world).map(String::into_bytes)),
            Node::Link(_) => None,
        }
    }

    /// The path without a link on the way.
    fn resolve(&self, path: &str) -> Option<String> {
        let mut done = String::new();
        let mut todo: Vec<String> = path.rsplit('/').map(str::to_owned).collect();
        let mut links = 0_u32;
        while let Some(name) = todo.pop().filter(|name| !name.is_empty()) {
            let next = join(&done, &name);
            match self.node(&next) {
                Some(Node::Link(target)) => {
                    links = links.checked_add(1).filter(|links| *links <= MAX_LINKS)?;
                    done.clear();
                    todo.extend(target.rsplit('/').map(str::to_owned));
                }
                _ => done = next,
            }
        }
        Some(done)
    }

    /// Each name in a folder without links.
    fn children(&self, folder: &str) -> Vec<String> {
        let prefix = join(folder, "");
        let mut names: Vec<String> = Vec::new();
        let mut from = prefix.clone();
        loop {
            let mut below = self.files.nodes.range(from.clone()..);
            let Some((path, (part, _))) = below.next() else {
                break;
            };
            let Some(rest) = path.strip_prefix(&prefix) else {
                break;
            };
            if !self.is_there(part) {
                from = format!("{path}\0");
                continue;
            }
            let name = rest.split('/').next().unwrap_or(rest);
            // '0' follows '/': all that is below this name is passed over.
            from = match name.len() == rest.len() {
                true => format!("{path}\0"),
                false => format!("{prefix}{name}0"),
            };
            names.push(name.to_owned());
        }
        names.sort_by(|a, b| natural(a, b));
        names.dedup();
        names
    }

    fn is_folder(&self, path: &str) -> bool {
        let prefix = join(path, "");
        let below = self.files.nodes.range(prefix.clone()..);
        let mut below = below.take_while(|(path, _)| path.starts_with(&prefix));
        below.any(|(_, (part, _))| self.is_there(part))
    }
}

fn join(folder: &str, name: &str) -> String {
    match folder.is_empty() {
        true => name.to_owned(),
        false => format!("{folder}/{name}"),
    }
}

impl Tree for View<'_> {
    fn names(&self, folder: &str) -> io::Result<Vec<String>> {
        let folder = self.resolve(folder).unwrap_or_default();
        let names = self.children(&folder);
        match names.is_empty() {
            true => Err(io::ErrorKind::NotFound.into()),
            false => Ok(names),
        }
    }

    fn look(&self, path: &str) -> Option<Look> {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        let itself = join(&self.resolve(folder)?, name);
        let is_link = matches!(self.node(&itself), Some(Node::Link(_)));
        let resolved = self.resolve(path)?;
        let kind = match self.node(&resolved) {
            Some(Node::Text(_) | Node::Bytes(_) | Node::Now(_)) => Kind::File,
            _ if self.is_folder(&resolved) => Kind::Folder,
            _ if is_link => Kind::Other,
            _ => return None,
        };
        Some(Look {
            kind,
            resolved,
            is_link,
        })
    }
}
