#include "ceremony/response.h"

#include "ceremony/authority.h"

namespace hf::ceremony {
namespace {

using keys::text_at;

constexpr std::string_view kType = "holdfast-ca-response-1";

auto refuse(std::string why) {
  return fail(ErrorKind::invalid, "HF-CEREMONY-0017", "the response does not hold: " + std::move(why));
}

Result<JsonObject> object_of(ByteView text) {
  constexpr std::size_t kDepth = 6;
  HF_TRY(const auto json, parse_json(text_of(text), {.bytes_max = kResponseMax, .depth_max = kDepth}));
  const auto* const object = json.if_object();
  if (!object || text_at(*object, "type") != kType) return refuse("it is none of an offline CA");
  return *object;
}

}  // namespace

std::string response_of(const Transcript& transcript, const Record& record) {
  JsonArray confirmations;
  for (const auto& one : record.confirmations) confirmations.push_back(keys::to_json(one));
  return canonical_json(JsonObject{{"type", kType},
                                   {"script", transcript.envelope()},
                                   {"line", record.text},
                                   {"confirmations", std::move(confirmations)}})
             .value() +
         "\n";
}

Result<std::string> script_of_response(ByteView text) {
  HF_TRY(const auto object, object_of(text));
  return std::string(text_at(object, "script"));
}

Result<Answer> read_response(ByteView text, std::span<const crypto::PublicKey> keys) {
  HF_TRY(const auto object, object_of(text));
  Answer answer;
  HF_TRY(answer.script, approved_script(bytes_of(text_at(object, "script")), keys));
  answer.script_sha256 = keys::digest_of(answer.script);
  const auto line = text_at(object, "line");
  HF_TRY(const auto json, parse_json(line, {.bytes_max = keys::kJournalLineMax, .depth_max = 8}));
  const auto* const record = json.if_object();
  if (!record) return refuse("its line is no object");
  HF_TRY(answer.record, record_of_line(keys::number_at(*record, "n"), *record));
  auto& made = answer.record;
  if (made.text != line) return refuse("its line is not canonical JSON (RFC 8785)");
  const auto* const step = answer.script.step(made.step);
  if (!step || (step->kind != StepKind::sign_request && step->kind != StepKind::sign_crl) ||
      (made.outcome != Outcome::as_expected && made.outcome != Outcome::recorded))
    return refuse("its line is no step of the script that signs");
  if (made.expected != step->request_sha256 || (made.expected && made.actual != made.expected))
    return refuse("the script has another request");
  if (const auto why = fault_of_people(answer.script, *step, made.actor, made.witnesses); !why.empty())
    return refuse(why);
  const auto* const confirmations = keys::array_at(object, "confirmations");
  for (std::size_t i = 0; confirmations && i < confirmations->size(); ++i) {
    HF_TRY(auto approval, keys::approval_of((*confirmations)[i]));
    if (approval.statement.decision != keys::Decision::approve) return refuse("somebody did not confirm it");
    if (const auto why = fault_of_confirmation(answer.script, made, approval); !why.empty()) return refuse(why);
    made.confirmations.push_back(std::move(approval));
  }
  if (const auto awaited = made.awaited(); !awaited.empty())
    return refuse(keys::joined(awaited) + " did not confirm it");
  if (auto checked = check_answer(*step, made); !checked) return refuse(checked.error().message);
  answer.request_sha256 = made.actual.value_or("");
  answer.ca = from_base64(text_at(made.result, "ca")).value_or(Bytes());
  answer.certificate = from_base64(text_at(made.result, "certificate")).value_or(Bytes());
  answer.crl = from_base64(text_at(made.result, "crl")).value_or(Bytes());
  return answer;
}

}  // namespace hf::ceremony
