#include "net/parser.h"

#include <algorithm>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>

namespace hf::net {
namespace {

namespace http = boost::beast::http;
using boost::beast::error_code;
using BeastView = boost::beast::string_view;

std::string_view view(BeastView text) { return {text.data(), text.size()}; }

constexpr Refusal kMalformed{400, "HF-HTTP-0001", "the request is not well-formed HTTP/1.1"};
constexpr Refusal kFraming{400, "HF-HTTP-0002", "the length of the request is ambiguous"};
constexpr Refusal kFolded{400, "HF-HTTP-0001", "a header field is folded over two lines"};
constexpr Refusal kHeaderLimit{431, "HF-HTTP-0003", "the header is larger than the server accepts"};
constexpr Refusal kCoding{501, "HF-HTTP-0006", "the transfer coding is not supported"};
constexpr Refusal kVersion{505, "HF-HTTP-0007", "only HTTP/1.0 and HTTP/1.1 are spoken here"};
constexpr Refusal kBodyLimit{413, "HF-HTTP-0008", "the content is larger than this resource accepts"};
constexpr Refusal kStorage{503, "HF-HTTP-0021", "the server has no room for this request body; try again later"};

bool all_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

Refusal refusal_of(const error_code& error, std::string_view input) {
  if (error == http::error::bad_version) {
    // Beast also says so of a bare line feed behind the version.
    const auto end = input.find('\n');
    return end != std::string_view::npos && end > 0 && input[end - 1] == '\r' ? kVersion : kMalformed;
  }
  if (error == http::error::header_limit) return kHeaderLimit;
  if (error == http::error::bad_transfer_encoding || error == http::error::bad_content_length ||
      error == http::error::multiple_content_length)
    return kFraming;
  return kMalformed;
}

}  // namespace

struct RequestParser::Impl final : http::basic_parser<true> {
  explicit Impl(const ParserLimits& l) : limits(l) {
    header_limit(std::uint32_t(l.header_bytes));
    body_limit(boost::none);  // counted here, in store()
  }

  void refuse(const Refusal& why, error_code& error) {
    refusal = why;
    error = http::error::bad_value;
  }

  void on_request_impl(http::verb, BeastView method, BeastView target, int version, error_code&) override {
    head.method = view(method);
    head.target = view(target);
    head.version = version;
  }

  void on_response_impl(int, BeastView, int, error_code&) override {}

  void on_field_impl(http::field name, BeastView name_text, BeastView value, error_code& error) override {
    if (++fields > limits.header_fields) return refuse(kHeaderLimit, error);
    // Beast unfolds into its own buffer, or steps over the line break before the value.
    const char* const after_name = name_text.data() + name_text.size();
    const bool inside = value.data() >= after_name && value.data() <= input.data() + input.size();
    if (!inside || std::find(after_name, value.data(), '\r') != value.data()) return refuse(kFolded, error);
    if (in_trailer) return;  // checked, then dropped: no trailer field means anything to us (RFC 9110 section 6.5.1)
    if (name == http::field::transfer_encoding) {
      if (head.version == 10 || head.content_length || head.chunked) return refuse(kFraming, error);
      if (!iequals(view(value), "chunked")) return refuse(kCoding, error);
      head.chunked = true;
    } else if (name == http::field::content_length) {
      if (head.content_length || head.chunked || !all_digits(view(value))) return refuse(kFraming, error);
      head.content_length = 0;  // Beast has parsed it; read once the head is complete
    }
    head.headers.add(view(name_text), view(value));
  }

  void on_header_impl(error_code&) override {
    if (const auto length = content_length()) head.content_length = *length;
    head.keep_alive = keep_alive();
  }

  void on_body_init_impl(const boost::optional<std::uint64_t>& length, error_code& error) override {
    in_trailer = true;
    fields = 0;
    if (body == nullptr || (length && *length > body_max)) refuse(kBodyLimit, error);
  }

  std::size_t store(BeastView bytes, error_code& error) {
    if (body->size() + bytes.size() > body_max) {
      refuse(kBodyLimit, error);
    } else if (!body->append(view(bytes), memory_max, *directory)) {
      refuse(kStorage, error);
    }
    return bytes.size();
  }
  std::size_t on_body_impl(BeastView bytes, error_code& error) override { return store(bytes, error); }
  std::size_t on_chunk_body_impl(std::uint64_t, BeastView bytes, error_code& error) override {
    return store(bytes, error);
  }
  void on_chunk_header_impl(std::uint64_t size, BeastView, error_code& error) override {
    if (body == nullptr || size > body_max - body->size()) refuse(kBodyLimit, error);
  }
  void on_finish_impl(error_code&) override {}

  ParserLimits limits;
  Head head;
  std::string_view input;  // of the running put()
  std::size_t head_bytes = 0;
  std::size_t fields = 0;
  bool in_trailer = false;
  std::optional<Refusal> refusal;
  Body* body = nullptr;
  std::uint64_t body_max = 0;
  std::size_t memory_max = 0;
  const std::string* directory = nullptr;
};

RequestParser::RequestParser(const ParserLimits& limits) : impl_(std::make_unique<Impl>(limits)) {}
RequestParser::~RequestParser() = default;

RequestParser::Fed RequestParser::put(std::string_view bytes) {
  auto& parser = *impl_;
  const bool was_head = !parser.is_header_done();
  parser.eager(!was_head);
  parser.input = bytes;
  error_code error;
  Fed fed;
  fed.consumed = parser.put(boost::asio::const_buffer(bytes.data(), bytes.size()), error);
  // The first call may take the request line alone and stop there; go on with the fields.
  while (!error && was_head && !parser.is_header_done() && fed.consumed < bytes.size()) {
    parser.input = bytes.substr(fed.consumed);
    fed.consumed += parser.put(boost::asio::const_buffer(parser.input.data(), parser.input.size()), error);
  }
  const auto waiting = bytes.size() - fed.consumed;
  if (was_head) parser.head_bytes += fed.consumed;
  if (parser.refusal) {
    fed.refusal = parser.refusal;
  } else if (error && error != http::error::need_more) {
    fed.refusal = refusal_of(error, bytes);
  } else if (was_head && parser.head_bytes + (parser.is_header_done() ? 0 : waiting) > parser.limits.header_bytes) {
    fed.refusal = kHeaderLimit;
  } else if (!was_head && error == http::error::need_more && waiting > parser.limits.header_bytes) {
    fed.refusal = kHeaderLimit;  // a chunk line or a trailer without end
  }
  return fed;
}

bool RequestParser::head_done() const { return impl_->is_header_done(); }
bool RequestParser::done() const { return impl_->is_done(); }
Head& RequestParser::head() { return impl_->head; }

void RequestParser::read_body_into(Body& body, std::uint64_t max, std::size_t memory_max,
                                   const std::string& directory) {
  impl_->body = &body;
  impl_->body_max = max;
  impl_->memory_max = memory_max;
  impl_->directory = &directory;
}

}  // namespace hf::net
