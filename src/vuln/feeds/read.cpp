#include "vuln/feeds/read.h"

#include "base/text.h"
#include "vuln/feeds/cve5.h"
#include "vuln/feeds/nvd.h"
#include "vuln/feeds/osv.h"

namespace hf::vuln {

std::string_view name_of(DocumentKind kind) {
  switch (kind) {
    case DocumentKind::cve5: return "cve5";
    case DocumentKind::nvd: return "nvd";
    case DocumentKind::osv: return "osv";
    case DocumentKind::kev: return "kev";
    case DocumentKind::epss: return "epss";
    case DocumentKind::other: return "other";
  }
  return "";
}

Result<DocumentKind> read_document(JsonReader& reader, std::string_view bytes, const FeedSink& sink) {
  if (is_epss(bytes)) {
    HF_TRY(const auto count, read_epss(bytes, sink.epss));
    HF_CHECK(sink.epss_head(count.head));
    return DocumentKind::epss;
  }
  const auto start = trim(bytes.substr(0, 256));
  if (!start.starts_with('{') && !start.starts_with('[')) return DocumentKind::other;
  HF_TRY(const auto root, reader.parse(bytes));
  if (is_cve5(root)) {
    HF_TRY(auto advisory, read_cve5(root, reader.limits()));
    HF_CHECK(sink.advisory(std::move(advisory)));
    return DocumentKind::cve5;
  }
  if (is_kev(root)) {
    HF_TRY(auto catalog, read_kev(root));
    HF_CHECK(sink.kev(std::move(catalog)));
    return DocumentKind::kev;
  }
  if (is_nvd(root)) {
    HF_CHECK(read_nvd(root, reader.limits(), sink.advisory));
    return DocumentKind::nvd;
  }
  if (is_osv(root)) {
    HF_TRY(auto advisory, read_osv(root, reader.limits()));
    HF_CHECK(sink.advisory(std::move(advisory)));
    return DocumentKind::osv;
  }
  return DocumentKind::other;
}

}  // namespace hf::vuln
