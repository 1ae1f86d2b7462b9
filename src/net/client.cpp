#include "net/client.h"

#include <curl/curl.h>

#include <fstream>

#include "base/text.h"

namespace hf::net {
namespace {

constexpr std::size_t kAnswerMax = 16U << 20;
constexpr std::size_t kTokenMax = 512;
constexpr long kConnectMilliseconds = 10'000;

struct EasyFree {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};
struct ListFree {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using List = std::unique_ptr<curl_slist, ListFree>;

void add(List& list, const std::string& line) {
  if (auto* grown = curl_slist_append(list.get(), line.c_str())) {
    (void)list.release();
    list.reset(grown);
  }
}

std::size_t take(const char* bytes, std::size_t size, std::size_t count, void* into) {
  auto& text = *static_cast<std::string*>(into);
  if (text.size() + size * count > kAnswerMax) return 0;  // libcurl then fails with a write error
  text.append(bytes, size * count);
  return size * count;
}

ErrorKind kind_of(long status) {
  switch (status) {
    case 401: return ErrorKind::unauthenticated;
    case 403: return ErrorKind::forbidden;
    case 404: return ErrorKind::not_found;
    case 409: return ErrorKind::conflict;
    case 413:
    case 429: return ErrorKind::limit;
    default: return status >= 500 ? ErrorKind::unavailable : ErrorKind::invalid;
  }
}

// A problem's own words (RFC 9457), with its code; else the bare status.
std::string refusal_in(const std::string& body, long status) {
  const auto json = parse_json(body);
  const auto* object = json ? json->if_object() : nullptr;
  const auto text = [&](std::string_view name) -> std::string {
    const auto* member = object ? object->if_contains(name) : nullptr;
    return member && member->is_string() ? std::string(member->as_string()) : std::string();
  };
  const auto detail = text("detail");
  const auto code = text("code");
  if (detail.empty()) return "the server answered " + std::to_string(status);
  return code.empty() ? detail : detail + " (" + code + ")";
}

Result<std::string> token_in(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::string text(kTokenMax + 1, '\0');
  if (!file || !file.read(text.data(), std::streamsize(text.size())).eof())
    return fail(ErrorKind::invalid, "HF-HTTP-0060", "cannot read an API token from " + path.string());
  text.resize(std::size_t(file.gcount()));
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  // A line break in it would begin another header.
  for (const char c : text)
    if (c <= ' ' || c > '~')
      return fail(ErrorKind::invalid, "HF-HTTP-0060", path.string() + " does not hold an API token and nothing else");
  if (text.empty()) return fail(ErrorKind::invalid, "HF-HTTP-0060", path.string() + " is empty");
  return text;
}

}  // namespace

struct Client::State {
  std::string server, authorization, trust_file;
  long patience = 0;
  std::unique_ptr<CURL, EasyFree> handle;
};

Client::Client(std::unique_ptr<State> state) : state_(std::move(state)) {}
Client::~Client() = default;

Result<std::unique_ptr<Client>> Client::open(const ClientConfig& config) {
  static const auto ready = curl_global_init(CURL_GLOBAL_DEFAULT);
  auto state = std::make_unique<State>();
  state->server = config.server;
  while (state->server.ends_with('/')) state->server.pop_back();
  if (!state->server.starts_with("https://"))
    return fail(ErrorKind::invalid, "HF-HTTP-0060",
                "'" + config.server + "' is not an address that begins with https://");
  if (!config.token_file.empty()) {
    HF_TRY(const auto token, token_in(config.token_file));
    state->authorization = "Authorization: Bearer " + token;
  }
  state->trust_file = config.trust_file.string();
  if (!config.trust_file.empty() && !std::ifstream(config.trust_file))
    return fail(ErrorKind::invalid, "HF-HTTP-0060", "cannot open " + config.trust_file.string());
  state->patience = long(config.patience.count());
  state->handle.reset(ready == CURLE_OK ? curl_easy_init() : nullptr);
  if (!state->handle) return fail(ErrorKind::internal, "HF-HTTP-0061", "libcurl does not start");
  return std::unique_ptr<Client>(new Client(std::move(state)));
}

Result<Json> Client::get(std::string_view path) { return ask(path, nullptr, false, {}); }
Result<Json> Client::post(std::string_view path, const JsonObject& body, std::string_view idempotency_key) {
  const auto text = to_text(body);
  return ask(path, &text, true, idempotency_key);
}
Result<Json> Client::post(std::string_view path, std::string_view idempotency_key) {
  return ask(path, nullptr, true, idempotency_key);
}

Result<Json> Client::ask(std::string_view path, const std::string* body, bool post, std::string_view idempotency_key) {
  const std::lock_guard lock(mutex_);
  auto* handle = state_->handle.get();
  curl_easy_reset(handle);  // options, not connections
  const auto url = state_->server + std::string(path);
  std::string answer;
  char why[CURL_ERROR_SIZE] = {};
  List headers;
  add(headers, "Accept: application/json");
  if (!state_->authorization.empty()) add(headers, state_->authorization);
  if (!idempotency_key.empty()) add(headers, "Idempotency-Key: " + std::string(idempotency_key));
  if (body) add(headers, "Content-Type: application/json");
  add(headers, "Expect:");
  curl_easy_setopt(handle, CURLOPT_URL, url.c_str());
  curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "https");
  curl_easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(handle, CURLOPT_SSLVERSION, long(CURL_SSLVERSION_TLSv1_2));
  curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS, kConnectMilliseconds);
  curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, state_->patience);
  curl_easy_setopt(handle, CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, why);
  curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, &take);
  curl_easy_setopt(handle, CURLOPT_WRITEDATA, &answer);
  if (!state_->trust_file.empty()) curl_easy_setopt(handle, CURLOPT_CAINFO, state_->trust_file.c_str());
  if (post) {
    curl_easy_setopt(handle, CURLOPT_POST, 1L);
    curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(body ? body->size() : 0));
    curl_easy_setopt(handle, CURLOPT_POSTFIELDS, body ? body->data() : "");
  }
  const auto code = curl_easy_perform(handle);
  if (code == CURLE_WRITE_ERROR)
    return fail(ErrorKind::limit, "HF-HTTP-0063", "the server's answer is larger than 16 MiB");
  if (code != CURLE_OK)
    return fail(ErrorKind::unavailable, "HF-HTTP-0061",
                "cannot reach " + state_->server + ": " + (*why ? why : curl_easy_strerror(code)));
  long status = 0;
  curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
  if (status < 200 || status > 299) return fail(kind_of(status), "HF-HTTP-0062", refusal_in(answer, status));
  auto json = parse_json(answer, {.bytes_max = kAnswerMax});
  if (!json)
    return fail(ErrorKind::unavailable, "HF-HTTP-0063", state_->server + " does not answer in JSON: is it Holdfast?",
                json.error().message);
  return *std::move(json);
}

std::string segment(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = std::uint8_t(c);
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
        c == '_' || c == '~')
      out += c;
    else out += {'%', kHex[byte >> 4], kHex[byte & 15]};
  }
  return out;
}

}  // namespace hf::net
