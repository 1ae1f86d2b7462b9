// One document of any feed: recognised by its shape, never by its name, and handed to the sink piece by piece.
#pragma once

#include <functional>
#include <string_view>

#include "vuln/feeds/advisory.h"
#include "vuln/feeds/epss.h"
#include "vuln/feeds/json_reader.h"
#include "vuln/feeds/kev.h"

namespace hf::vuln {

enum class DocumentKind { cve5, nvd, osv, kev, epss, other };
inline constexpr std::size_t kDocumentKinds = 6;
[[nodiscard]] std::string_view name_of(DocumentKind kind);

struct FeedSink {
  std::function<Result<void>(Advisory)> advisory;
  std::function<Result<void>(KevCatalog)> kev;
  std::function<Result<void>(const EpssHead&)> epss_head;  // after the last score
  std::function<Result<void>(const EpssScore&)> epss;
};

// `other`: not a feed (a licence, a schema, a read-me). Errors of the parsers and of the sink.
[[nodiscard]] Result<DocumentKind> read_document(JsonReader& reader, std::string_view bytes, const FeedSink& sink);

}  // namespace hf::vuln
