//! Prompts of the fixture.

use rmcp::{ErrorData, model::*};
use serde_json::{Value, json};

use crate::{catalog::PNG, complete, rounds};

pub(crate) fn get(request: GetPromptRequestParams) -> Result<GetPromptResponse, ErrorData> {
    let arguments = request.arguments.unwrap_or_default();
    let argument = |name: &str| {
        arguments
            .get(name)
            .and_then(Value::as_str)
            .ok_or_else(|| ErrorData::invalid_params(format!("argument {name} is required"), None))
    };
    let user = |content: Value| json!({ "role": "user", "content": content });
    let text = |text: &str| user(json!({ "type": "text", "text": text }));
    let messages = match request.name.as_str() {
        "test_simple_prompt" => json!([text("This is a simple prompt for testing.")]),
        "test_prompt_with_arguments" => {
            let (first, second) = (argument("arg1")?, argument("arg2")?);
            json!([text(&format!("Prompt with arguments: arg1='{first}', arg2='{second}'"))])
        }
        "test_prompt_with_embedded_resource" => {
            let resource = json!({ "uri": argument("resourceUri")?, "mimeType": "text/plain",
                "text": "Embedded resource content for testing." });
            json!([
                user(json!({ "type": "resource", "resource": resource })),
                text("Please process the embedded resource above.")
            ])
        }
        "test_prompt_with_image" => json!([
            user(json!({ "type": "image", "data": PNG, "mimeType": "image/png" })),
            text("Please analyze the image above.")
        ]),
        "test_input_required_result_prompt" => {
            let given = request.input_responses.unwrap_or_default();
            match given.get("user_context").and_then(|given| given["content"]["context"].as_str()) {
                Some(context) => json!([text(&format!("Use this context: {context}"))]),
                None => {
                    let question = "What context should the prompt use?";
                    let ask = rounds::elicit(question, "context");
                    let asked = json!({ "user_context": ask });
                    let result: InputRequiredResult = rounds::input_required(asked, None)?;
                    return Ok(result.into());
                }
            }
        }
        name => return Err(ErrorData::invalid_params(format!("no prompt named {name}"), None)),
    };
    let result: GetPromptResult = complete(json!({ "messages": messages }))?;
    Ok(result.into())
}
