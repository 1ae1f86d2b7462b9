// Scripts of key ceremonies (ceremony_script.h) in an envelope (dsse_envelope.h) of their own payload type. The script
// is the evidence, whole.
#include "keys/formats/all.h"
#include "keys/formats/ceremony_script.h"
#include "keys/formats/enveloped.h"
#include "keys/formats/support.h"

namespace hf::keys {
namespace {

class Ceremony final : public EnvelopedFormat {
 public:
  std::string_view name() const override { return "ceremony-script"; }
  std::string_view summary() const override { return "script of a key ceremony, in a DSSE envelope"; }
  bool recognizes(ByteView head) const override {
    const auto text = text_of(head);
    return text.starts_with('{') && (text.find("\"holdfast-ceremony-script-") != std::string_view::npos ||
                                     text.find(kCeremonyScriptType) != std::string_view::npos);
  }

 protected:
  std::string_view payload_type() const override { return kCeremonyScriptType; }
  std::string_view member() const override { return "script"; }
  std::size_t artifact_max() const override { return kCeremonyScriptMax; }
  Result<View> view_of_payload(ByteView payload) const override {
    HF_TRY(const auto script, ceremony_script_of(payload));
    View view{.format = std::string(name()), .kind = "ceremony_script"};
    for (const auto& step : script.steps)
      if (step.kind == StepKind::digest && step.expected) view.digests.push_back(*step.expected);
    view.facts = facts_of(script);
    return view;
  }
};

}  // namespace

const Format& ceremony_format() {
  static const Ceremony format;
  return format;
}

}  // namespace hf::keys
