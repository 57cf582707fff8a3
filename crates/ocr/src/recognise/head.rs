//! Cuts the recogniser's last layer down to the characters that French and English print.
//!
//! The published network ends in 18,710 classes, most of them Chinese: a product of that
//! width, its softmax and its result cost more than the rest of a short line, and memory with it.
//! The file is an ONNX message; only the tensors that end in the classes are rewritten.

use super::onnx::{
    FLOAT, GRAPH_OUTPUT, GRAPH_SHAPES, GRAPH_TENSOR, MODEL_GRAPH, TENSOR_BYTES, TENSOR_DIMENSIONS, TENSOR_TYPE,
    VALUE_TYPE, fields, put, put_content, varint,
};

/// The model with the classes `keep` only, in that order; of `classes` there are so many now.
///
/// `None` if the file is no such model: it is then used as it is.
pub fn pruned(model: &[u8], classes: usize, keep: &[usize]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(model.len());
    let mut changed = 0;
    for field in fields(model)? {
        match field.content {
            Some(content) if field.number == MODEL_GRAPH => {
                let graph = graph(content, classes, keep, &mut changed)?;
                put_content(&mut out, MODEL_GRAPH, &graph);
            }
            _ => out.extend_from_slice(field.whole),
        }
    }
    (changed > 0).then_some(out)
}

fn graph(message: &[u8], classes: usize, keep: &[usize], changed: &mut usize) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(message.len());
    for field in fields(message)? {
        match (field.number, field.content) {
            (GRAPH_TENSOR, Some(content)) => match tensor(content, classes, keep) {
                Some(tensor) => {
                    *changed += 1;
                    put_content(&mut out, GRAPH_TENSOR, &tensor);
                }
                None => out.extend_from_slice(field.whole),
            },
            // Shapes that were noted for all classes are no longer true; they are only hints.
            (GRAPH_SHAPES, _) => {}
            (GRAPH_OUTPUT, Some(content)) => {
                let mut value = Vec::new();
                fields(content)?
                    .iter()
                    .filter(|field| field.number != VALUE_TYPE)
                    .for_each(|field| value.extend_from_slice(field.whole));
                put_content(&mut out, GRAPH_OUTPUT, &value);
            }
            _ => out.extend_from_slice(field.whole),
        }
    }
    Some(out)
}

/// A float tensor whose rows end in the classes, cut; `None` for any other.
fn tensor(message: &[u8], classes: usize, keep: &[usize]) -> Option<Vec<u8>> {
    let fields = fields(message)?;
    let mut dimensions = Vec::new();
    for field in fields.iter().filter(|field| field.number == TENSOR_DIMENSIONS) {
        match field.content {
            None => dimensions.push(field.value),
            Some(packed) => {
                let mut at = 0;
                while at < packed.len() {
                    dimensions.push(varint(packed, &mut at)?);
                }
            }
        }
    }
    let float = fields.iter().any(|field| field.number == TENSOR_TYPE && field.value == FLOAT);
    let bytes = fields.iter().find(|field| field.number == TENSOR_BYTES)?.content?;
    let row = classes.checked_mul(4)?;
    if !float || dimensions.last() != Some(&(classes as u64)) || row == 0 || bytes.len() % row != 0 {
        return None;
    }
    let mut cut = Vec::with_capacity(bytes.len() / classes * keep.len());
    for row in bytes.chunks_exact(row) {
        for class in keep {
            cut.extend_from_slice(row.get(class * 4..class * 4 + 4)?);
        }
    }
    *dimensions.last_mut()? = keep.len() as u64;
    let mut out = Vec::with_capacity(cut.len() + 64);
    for dimension in dimensions {
        put(&mut out, TENSOR_DIMENSIONS << 3);
        put(&mut out, dimension);
    }
    for field in fields.iter().filter(|field| ![TENSOR_DIMENSIONS, TENSOR_BYTES].contains(&field.number)) {
        out.extend_from_slice(field.whole);
    }
    put_content(&mut out, TENSOR_BYTES, &cut);
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(parts: &[(u64, &[u8])]) -> Vec<u8> {
        let mut out = Vec::new();
        parts.iter().for_each(|(number, content)| put_content(&mut out, *number, content));
        out
    }

    fn float_tensor(dimensions: &[u64], values: &[f32]) -> Vec<u8> {
        let mut out = Vec::new();
        for dimension in dimensions {
            put(&mut out, TENSOR_DIMENSIONS << 3);
            put(&mut out, *dimension);
        }
        put(&mut out, TENSOR_TYPE << 3);
        put(&mut out, FLOAT);
        let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        put_content(&mut out, TENSOR_BYTES, &bytes);
        out
    }

    #[test]
    fn only_tensors_that_end_in_the_classes_are_cut() {
        let wide = float_tensor(&[2, 3], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        let other = float_tensor(&[2, 2], &[1.0, 2.0, 3.0, 4.0]);
        let graph = message(&[(GRAPH_TENSOR, &wide), (GRAPH_TENSOR, &other), (GRAPH_SHAPES, b"x")]);
        let model = message(&[(1, b"kept"), (MODEL_GRAPH, &graph)]);
        let cut = float_tensor(&[2, 2], &[1.0, 3.0, 4.0, 6.0]);
        let expected =
            message(&[(1, b"kept"), (MODEL_GRAPH, &message(&[(GRAPH_TENSOR, &cut), (GRAPH_TENSOR, &other)]))]);
        assert_eq!(pruned(&model, 3, &[0, 2]).as_deref(), Some(&expected[..]));
        assert_eq!(pruned(&model, 7, &[0]), None);
        assert_eq!(pruned(b"not a model", 3, &[0]), None);
    }
}
