// Orders to factories (factory_order.h): authorisations and holds, each in an envelope (dsse_envelope.h) of its own
// payload type. The order is the evidence, whole; a charter tells the two kinds apart.
#include "keys/formats/all.h"
#include "keys/formats/enveloped.h"
#include "keys/formats/factory_order.h"
#include "keys/formats/support.h"

namespace hf::keys {
namespace {

Result<View> view_of(ByteView payload) {
  HF_TRY(const auto order, factory_order_of(payload));
  const auto* const authorisation = std::get_if<FactoryAuthorisation>(&order);
  View view{.format = "factory-authorisation", .kind = authorisation ? "factory_authorisation" : "factory_hold"};
  view.compatible = {authorisation ? authorisation->product : std::get<FactoryHold>(order).product};
  if (authorisation) view.digests = authorisation->activation.flash_sha256;
  view.facts = facts_of(order);
  return view;
}

class Factory final : public EnvelopedFormat {
 public:
  std::string_view name() const override { return "factory-authorisation"; }
  std::string_view summary() const override {
    return "what a factory's stations may issue, or a hold of it, in a DSSE envelope";
  }
  bool recognizes(ByteView head) const override {
    const auto text = text_of(head);
    return text.starts_with('{') && (text.find("\"holdfast-factory-") != std::string_view::npos ||
                                     text.find(kFactoryOrderType) != std::string_view::npos);
  }

 protected:
  std::string_view payload_type() const override { return kFactoryOrderType; }
  std::string_view member() const override { return "order"; }
  std::size_t artifact_max() const override { return kFactoryOrderMax; }
  Result<View> view_of_payload(ByteView payload) const override { return view_of(payload); }
};

}  // namespace

const Format& factory_format() {
  static const Factory format;
  return format;
}

}  // namespace hf::keys
