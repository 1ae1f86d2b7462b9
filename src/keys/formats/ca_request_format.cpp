// Requests to a CA that is not connected (ca_request.h), in an envelope (dsse_envelope.h) of their own payload type.
// The request is the evidence, whole; a charter tells the two kinds apart.
#include "keys/formats/all.h"
#include "keys/formats/ca_request.h"
#include "keys/formats/enveloped.h"
#include "keys/formats/support.h"

namespace hf::keys {
namespace {

class CaRequests final : public EnvelopedFormat {
 public:
  std::string_view name() const override { return "ca-request"; }
  std::string_view summary() const override {
    return "request to a CA that is not connected, for a certificate or a CRL, in a DSSE envelope";
  }
  bool recognizes(ByteView head) const override {
    const auto text = text_of(head);
    return text.starts_with('{') && (text.find("\"holdfast-ca-request-") != std::string_view::npos ||
                                     text.find(kCaRequestType) != std::string_view::npos);
  }

 protected:
  std::string_view payload_type() const override { return kCaRequestType; }
  std::string_view member() const override { return "request"; }
  std::size_t artifact_max() const override { return kCaRequestMax; }
  Result<View> view_of_payload(ByteView payload) const override {
    HF_TRY(const auto request, ca_request_of(payload));
    View view{
        .format = std::string(name()),
        .kind = std::holds_alternative<CertificateWish>(request.wish) ? "ca_certificate_request" : "ca_crl_request"};
    view.facts = facts_of(request);
    return view;
  }
};

}  // namespace

const Format& ca_request_format() {
  static const CaRequests format;
  return format;
}

}  // namespace hf::keys
