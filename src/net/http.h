// HTTP values (RFC 9110) as handlers see them: no socket, no event loop, no parser type.
// A handler is a synchronous function; it may block, because it runs on a worker (Route::runs_on).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "net/body.h"
#include "net/headers.h"

namespace hf::net {

enum class Method : std::uint8_t { get, head, post, put, patch, del, options };

[[nodiscard]] std::string_view name_of(Method method);
[[nodiscard]] std::optional<Method> method_of(std::string_view name);  // case-sensitive, RFC 9110 section 9.1

// The leaf certificate that a TLS client proved to hold. `verified` is false only where the listener asks for
// certificates without a trust anchor, and the handler must decide by fingerprint.
struct ClientCertificate {
  std::vector<std::uint8_t> der;
  std::string sha256;      // of the DER, lower-case hex
  std::string subject_cn;  // first CN of the subject as UTF-8; empty if there is none
  bool verified = false;
};

struct Peer {
  std::string address;  // numeric, IPv4-mapped IPv6 shown as IPv4
  std::uint16_t port = 0;
  bool tls = false;
  std::shared_ptr<const ClientCertificate> certificate;  // null without TLS or without a client certificate
};

// Who asks, as the authentication hook found out. An empty id is the anonymous public.
struct Principal {
  std::string id;      // "user:17", "token:23", "device:SN-1": no personal data, it goes into log and ledger
  std::string kind;    // "user", "token", "device", "factory"
  std::string role{};  // the roles that it acts in, for the evidence: "administrator,compliance"
  std::vector<std::string> permissions{};
  std::string person{};  // who is behind a token: "user:17"; empty: the id itself

  [[nodiscard]] const std::string& accountable() const { return person.empty() ? id : person; }
  [[nodiscard]] bool anonymous() const { return id.empty(); }
  [[nodiscard]] bool may(std::string_view permission) const;
};

using Parameters = std::vector<std::pair<std::string, std::string>>;  // decoded, in order

struct Request {
  Method method = Method::get;
  std::string target;             // as sent, for the log
  std::string decoded_path;       // percent-decoded, for the audit record
  std::string_view path_pattern;  // "/v1/devices/{serial}", from the route table
  Parameters path_parameters;
  Parameters query_parameters;
  Headers headers;
  Body body;
  Peer peer;
  std::string id;        // unique; in every problem, log line and audit record
  std::string trace_id;  // of a valid W3C traceparent header, else empty
  std::string_view listener;
  Principal principal;
  bool admitted = false;  // the pipeline let it in before its content was read
  Time received{};

  [[nodiscard]] std::string_view path(std::string_view name) const;   // empty if absent
  [[nodiscard]] std::string_view query(std::string_view name) const;  // the first; empty if absent
  [[nodiscard]] bool has_query(std::string_view name) const;
  [[nodiscard]] std::string_view header(std::string_view name) const;                 // the first; empty if absent
  [[nodiscard]] std::optional<std::string_view> cookie(std::string_view name) const;  // RFC 6265 section 5.4
};

// Bytes of a file: offset and length of an open descriptor, sent with sendfile(2) on plain connections.
struct FileContent {
  std::shared_ptr<const int> descriptor;  // closed by the last owner
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
};

// HF-HTTP-0020 if the file cannot be opened or is not a regular file.
[[nodiscard]] Result<FileContent> open_file(const std::string& path);

// A body made while it is sent, with chunked transfer coding: exports and other long answers. next() appends the
// next piece (about 64 KiB is right) and returns false with the last one. Called on a worker, only after the
// previous piece went out. An error cuts the connection, so that the client cannot take a part for the whole.
class Producer {
 public:
  virtual ~Producer() = default;
  [[nodiscard]] virtual Result<bool> next(std::string& piece) = 0;
};

class EventStream;  // net/events.h

using Content = std::variant<std::string, std::shared_ptr<const std::string>, FileContent, std::shared_ptr<Producer>,
                             std::shared_ptr<EventStream>>;

struct Response {
  int status = 200;
  Headers headers;
  Content content;
  bool close = false;           // ends the connection after this response
  std::string_view error_code;  // "HF-..." of a problem, for log and audit
  std::string error_detail{};   // Error::detail, for the log only

  // Length of the content; absent for a producer or an event stream.
  [[nodiscard]] std::optional<std::uint64_t> size() const;
};

[[nodiscard]] Response text_response(int status, std::string body, std::string_view type = "text/plain; charset=utf-8");
[[nodiscard]] Response json_text_response(int status, std::string json);
[[nodiscard]] Response no_content();

using Handler = std::function<Result<Response>(const Request&)>;

[[nodiscard]] std::string_view reason_of(int status);
[[nodiscard]] std::string http_date(Time time);                            // IMF-fixdate, RFC 9110 section 5.6.7
[[nodiscard]] std::optional<Time> parse_http_date(std::string_view text);  // IMF-fixdate only

}  // namespace hf::net
