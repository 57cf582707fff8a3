//! As much of ONNX's file format as it takes to change weights before a network is built: messages of numbered fields.

/// A field of a message: its number, its bytes as they stand, and its content if it has a length.
pub struct Field<'a> {
    pub number: u64,
    pub whole: &'a [u8],
    pub content: Option<&'a [u8]>,
    /// Where the content begins in the message.
    pub at: usize,
    /// The value of a field without a length.
    pub value: u64,
}

pub fn varint(bytes: &[u8], at: &mut usize) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let byte = *bytes.get(*at)?;
        *at += 1;
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
}

/// The fields of a message; `None` if it is none.
pub fn fields(message: &[u8]) -> Option<Vec<Field<'_>>> {
    let (mut fields, mut at) = (Vec::new(), 0);
    while at < message.len() {
        let start = at;
        let key = varint(message, &mut at)?;
        let (mut content, mut value, mut begin) = (None, 0, at);
        match key & 7 {
            0 => value = varint(message, &mut at)?,
            1 => at += 8,
            2 => {
                let length = usize::try_from(varint(message, &mut at)?).ok()?;
                let end = at.checked_add(length)?;
                content = Some(message.get(at..end)?);
                begin = at;
                at = end;
            }
            5 => at += 4,
            _ => return None,
        }
        fields.push(Field { number: key >> 3, whole: message.get(start..at)?, content, at: begin, value });
    }
    Some(fields)
}

pub fn put(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

pub fn put_content(out: &mut Vec<u8>, number: u64, content: &[u8]) {
    put(out, number << 3 | 2);
    put(out, content.len() as u64);
    out.extend_from_slice(content);
}

// Field numbers of onnx.proto.
pub const MODEL_GRAPH: u64 = 7;
pub const GRAPH_TENSOR: u64 = 5;
pub const GRAPH_OUTPUT: u64 = 12;
pub const GRAPH_SHAPES: u64 = 13;
pub const TENSOR_DIMENSIONS: u64 = 1;
pub const TENSOR_TYPE: u64 = 2;
pub const TENSOR_BYTES: u64 = 9;
pub const VALUE_TYPE: u64 = 2;
pub const FLOAT: u64 = 1;
