//! What a stage's core module imports and exports, as an empty module that has it all: wasm-smith
//! takes it for a pattern.

use wasm_encoder::{
    CodeSection, EntityType, ExportKind, ExportSection, Function, FunctionSection, ImportSection,
    MemorySection, MemoryType, Module, TypeSection, ValType,
};
use wit_parser::abi::{AbiVariant, WasmType};
use wit_parser::{Resolve, TypeDefKind, WorldId, WorldItem};

/// The module of a world whose imports are interfaces and whose exports are functions.
pub fn shape(resolve: &Resolve, world: WorldId) -> Vec<u8> {
    let mut shape = Shape::default();
    for (key, item) in &resolve.worlds[world].imports {
        let WorldItem::Interface { id, .. } = item else {
            continue;
        };
        let interface = &resolve.interfaces[*id];
        let module = resolve.name_world_key(key);
        for (name, function) in &interface.functions {
            let signature = resolve.wasm_signature(AbiVariant::GuestImport, function);
            shape.import(&module, name, &signature.params, &signature.results);
        }
        for (name, id) in &interface.types {
            if matches!(resolve.types[*id].kind, TypeDefKind::Resource) {
                let drop = format!("[resource-drop]{name}");
                shape.import(&module, &drop, &[WasmType::I32], &[]);
            }
        }
    }
    for item in resolve.worlds[world].exports.values() {
        let WorldItem::Function(function) = item else {
            continue;
        };
        let signature = resolve.wasm_signature(AbiVariant::GuestExport, function);
        shape.export(&function.name, &signature.params, &signature.results);
        let after = format!("cabi_post_{}", function.name);
        shape.export(&after, &signature.results, &[]);
    }
    shape.export("cabi_realloc", &[WasmType::I32; 4], &[WasmType::I32]);
    shape.finish()
}

#[derive(Default)]
struct Shape {
    types: TypeSection,
    imports: ImportSection,
    functions: FunctionSection,
    exports: ExportSection,
    code: CodeSection,
}

impl Shape {
    fn a_type(&mut self, params: &[WasmType], results: &[WasmType]) -> u32 {
        let index = self.types.len();
        let core = |types: &[WasmType]| types.iter().map(core).collect::<Vec<_>>();
        self.types.ty().function(core(params), core(results));
        index
    }

    fn import(&mut self, module: &str, name: &str, params: &[WasmType], results: &[WasmType]) {
        let index = self.a_type(params, results);
        let function = EntityType::Function(index);
        self.imports.import(module, name, function);
    }

    fn export(&mut self, name: &str, params: &[WasmType], results: &[WasmType]) {
        let index = self.a_type(params, results);
        let number = self.imports.len() + self.functions.len();
        self.functions.function(index);
        let mut body = Function::new([]);
        body.instructions().unreachable().end();
        self.code.function(&body);
        self.exports.export(name, ExportKind::Func, number);
    }

    fn finish(mut self) -> Vec<u8> {
        let mut memory = MemorySection::new();
        memory.memory(MemoryType {
            minimum: 1,
            maximum: None,
            memory64: false,
            shared: false,
            page_size_log2: None,
        });
        self.exports.export("memory", ExportKind::Memory, 0);
        let mut module = Module::new();
        module
            .section(&self.types)
            .section(&self.imports)
            .section(&self.functions)
            .section(&memory)
            .section(&self.exports)
            .section(&self.code);
        module.finish()
    }
}

fn core(kind: &WasmType) -> ValType {
    match kind {
        WasmType::I64 | WasmType::PointerOrI64 => ValType::I64,
        WasmType::F32 => ValType::F32,
        WasmType::F64 => ValType::F64,
        WasmType::I32 | WasmType::Pointer | WasmType::Length => ValType::I32,
    }
}
