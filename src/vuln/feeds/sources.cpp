#include "vuln/feeds/sources.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>

#include "crypto/sha256.h"
#include "vuln/feeds/cvss.h"

namespace hf::vuln {
namespace {

constexpr std::size_t kMessageMax = 300;

void add_part(crypto::Sha256Stream& digest, std::string_view part) {
  digest.update(bytes_of(fmt::format("{}:", part.size())))
      .update(bytes_of(part));  // lengths: no two lists run together
}

Result<std::string> digest_of_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return fail(ErrorKind::not_found, "HF-ARCHIVE-0005", "there is no readable source " + path.string());
  crypto::Sha256Stream digest;
  std::string block(std::size_t(1) << 20, '\0');
  while (file) {
    file.read(block.data(), static_cast<std::streamsize>(block.size()));
    digest.update(bytes_of(std::string_view(block).substr(0, static_cast<std::size_t>(file.gcount()))));
  }
  if (file.bad()) return fail(ErrorKind::unavailable, "HF-ARCHIVE-0001", "reading " + path.string() + " failed");
  return to_hex(digest.finish());
}

bool is_archive(std::string_view bytes) {
  using namespace std::string_view_literals;
  return bytes.starts_with("PK\x03\x04") || bytes.starts_with("\x28\xb5\x2f\xfd") || bytes.starts_with("\x1f\x8b") ||
         (bytes.size() > 262 && bytes.substr(257, 5) == "ustar"sv);
}

// Everything that one source is read with. The sink is wrapped: what it refuses must end the reading, while what a
// parser refuses must not, and read_document hands on both.
class SourceRead {
 public:
  SourceRead(const SourceLimits& limits, const FeedSink& sink) : limits_(limits), reader_(limits.feed), outer_(sink) {
    sink_.advisory = [this](Advisory advisory) { return take(std::move(advisory)); };
    sink_.kev = [this](KevCatalog catalog) -> Result<void> {
      report_.kev_entries += catalog.entries.size();
      report_.kev_version = catalog.version;
      report_.kev_released = catalog.released;
      return kept(outer_.kev ? outer_.kev(std::move(catalog)) : Result<void>{});
    };
    sink_.epss = [this](const EpssScore& score) -> Result<void> {
      ++report_.epss_scores;
      return kept(outer_.epss ? outer_.epss(score) : Result<void>{});
    };
    sink_.epss_head = [this](const EpssHead& head) -> Result<void> {
      report_.epss_model = head.model_version;
      report_.epss_date = head.score_date;
      return kept(outer_.epss_head ? outer_.epss_head(head) : Result<void>{});
    };
  }
  SourceRead(const SourceRead&) = delete;
  SourceRead& operator=(const SourceRead&) = delete;

  Result<bool> document(std::string_view name, std::string_view bytes, bool inner) {
    if (!inner && is_archive(bytes)) {
      HF_CHECK(archive::for_each_document(name, bytes_of(bytes), limits_.archive, [&](const archive::Document& each) {
        return document(std::string(name) + "/" + std::string(each.name), each.bytes, true);
      }));
      return true;
    }
    ++report_.documents;
    report_.bytes += bytes.size();
    const auto kind = read_document(reader_, bytes, sink_);
    if (refused_) return fail(*refused_);
    if (kind) {
      ++report_.by_kind[static_cast<std::size_t>(*kind)];
    } else {
      ++report_.unreadable_count;
      if (report_.unreadable.size() < limits_.unreadable_named_max)
        report_.unreadable.push_back({utf8_prefix(name, kMessageMax), std::string(kind.error().code),
                                      utf8_prefix(kind.error().message, kMessageMax)});
    }
    return true;
  }

  SourceReport& report() { return report_; }

 private:
  Result<void> take(Advisory advisory) {
    ++report_.advisories;
    if (advisory.unanalyzed) ++report_.unanalyzed;
    if (advisory.modified && (!report_.newest || *report_.newest < *advisory.modified))
      report_.newest = advisory.modified;
    return kept(outer_.advisory ? outer_.advisory(std::move(advisory)) : Result<void>{});
  }
  Result<void> kept(Result<void> result) {
    if (!result) refused_ = result.error();
    return result;
  }

  const SourceLimits& limits_;
  JsonReader reader_;
  const FeedSink& outer_;
  FeedSink sink_;
  SourceReport report_;
  std::optional<Error> refused_;
};

std::string name_of_path(const std::filesystem::path& source) {
  const auto plain = source.lexically_normal();
  const auto name = plain.filename().empty() ? plain.parent_path().filename() : plain.filename();
  return name.string();
}

}  // namespace

std::string feed_version_of(const SourceReport& report) {
  auto text = report.name;
  constexpr std::size_t kDate = 10;
  if (report.newest) text += ", records to " + format_rfc3339(*report.newest).substr(0, kDate);
  if (!report.kev_version.empty()) text += ", catalogue " + report.kev_version;
  if (!report.epss_date.empty()) text += ", scores of " + report.epss_date.substr(0, kDate);
  return text;
}

JsonObject to_json(const SourceReport& report) {
  JsonObject kinds;
  for (std::size_t i = 0; i < report.by_kind.size(); ++i)
    if (report.by_kind[i] != 0) kinds[name_of(static_cast<DocumentKind>(i))] = report.by_kind[i];
  JsonArray unreadable;
  for (const auto& each : report.unreadable)
    unreadable.push_back(JsonObject{{"document", each.document}, {"code", each.code}, {"message", each.message}});
  JsonObject json{{"name", report.name},
                  {"sha256", report.sha256},
                  {"documents", report.documents},
                  {"bytes", report.bytes},
                  {"kinds", std::move(kinds)},
                  {"advisories", report.advisories},
                  {"unanalyzed", report.unanalyzed},
                  {"kev_entries", report.kev_entries},
                  {"epss_scores", report.epss_scores},
                  {"unreadable_count", report.unreadable_count},
                  {"unreadable", std::move(unreadable)}};
  if (report.newest) json["newest"] = format_rfc3339(*report.newest);
  const auto put = [&](std::string_view key, const std::string& value) {
    if (!value.empty()) json[key] = value;
  };
  put("kev_version", report.kev_version);
  put("kev_released", report.kev_released);
  put("epss_model", report.epss_model);
  put("epss_date", report.epss_date);
  return json;
}

Result<SourceReport> source_report_of(const JsonObject& json) {
  SourceReport report;
  bool readable = true;
  const auto text = [](const JsonObject& from, std::string_view key) {
    const auto* value = from.if_contains(key);
    return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
  };
  const auto number = [&](const JsonObject& from, std::string_view key) -> std::uint64_t {
    const auto* value = from.if_contains(key);
    if (value == nullptr) return 0;
    boost::system::error_code error;
    const auto count = value->to_number<std::uint64_t>(error);
    readable = readable && !error;
    return error ? 0 : count;
  };
  report.name = text(json, "name");
  report.sha256 = text(json, "sha256");
  report.documents = number(json, "documents");
  report.bytes = number(json, "bytes");
  if (const auto* kinds = json.if_contains("kinds"); kinds != nullptr && kinds->is_object())
    for (std::size_t i = 0; i < report.by_kind.size(); ++i)
      report.by_kind[i] = number(kinds->get_object(), name_of(static_cast<DocumentKind>(i)));
  report.advisories = number(json, "advisories");
  report.unanalyzed = number(json, "unanalyzed");
  report.kev_entries = number(json, "kev_entries");
  report.epss_scores = number(json, "epss_scores");
  report.unreadable_count = number(json, "unreadable_count");
  if (const auto* list = json.if_contains("unreadable"); list != nullptr && list->is_array())
    for (const auto& item : list->get_array())
      if (item.is_object())
        report.unreadable.push_back(
            {text(item.get_object(), "document"), text(item.get_object(), "code"), text(item.get_object(), "message")});
  if (const auto newest = text(json, "newest"); !newest.empty()) {
    const auto time = parse_rfc3339(newest);
    readable = readable && time.has_value();
    if (time) report.newest = *time;
  }
  report.kev_version = text(json, "kev_version");
  report.kev_released = text(json, "kev_released");
  report.epss_model = text(json, "epss_model");
  report.epss_date = text(json, "epss_date");
  if (!readable || report.sha256.empty())
    return fail(ErrorKind::invalid, "HF-VULN-0013", "the stored report of a source cannot be read");
  return report;
}

Result<std::string> source_digest(const std::filesystem::path& source, const SourceLimits& limits) {
  std::error_code error;
  if (!std::filesystem::is_directory(source, error)) return digest_of_file(source);
  crypto::Sha256Stream digest;
  HF_CHECK(archive::for_each_document(source, limits.archive, [&](const archive::Document& document) -> Result<bool> {
    add_part(digest, document.name);
    add_part(digest, document.bytes);
    return true;
  }));
  return to_hex(digest.finish());
}

Result<SourceReport> read_source(const std::filesystem::path& source, const SourceLimits& limits, const FeedSink& sink,
                                 const SourceProgress& progress) {
  std::error_code error;
  const bool folder = std::filesystem::is_directory(source, error);
  HF_TRY(const auto total, archive::size_of(source));
  SourceRead read(limits, sink);
  crypto::Sha256Stream digest;
  HF_CHECK(archive::for_each_document(source, limits.archive, [&](const archive::Document& document) {
    if (folder) {
      add_part(digest, document.name);
      add_part(digest, document.bytes);
    }
    if (progress) progress(std::min(document.consumed, total), total);
    return read.document(document.name, document.bytes, false);
  }));
  if (progress) progress(total, total);
  auto report = std::move(read.report());
  report.name = name_of_path(source);
  if (folder) {
    report.sha256 = to_hex(digest.finish());
  } else {
    HF_TRY(report.sha256, digest_of_file(source));
  }
  return report;
}

}  // namespace hf::vuln
