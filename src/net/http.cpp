#include "net/http.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "base/text.h"

namespace hf::net {
namespace {

constexpr std::array<std::pair<Method, std::string_view>, 7> kMethods{{{Method::get, "GET"},
                                                                       {Method::head, "HEAD"},
                                                                       {Method::post, "POST"},
                                                                       {Method::put, "PUT"},
                                                                       {Method::patch, "PATCH"},
                                                                       {Method::del, "DELETE"},
                                                                       {Method::options, "OPTIONS"}}};

constexpr std::array<std::string_view, 7> kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::array<std::string_view, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

std::string_view first_of(const Parameters& parameters, std::string_view name) {
  for (const auto& [key, value] : parameters)
    if (key == name) return value;
  return {};
}

}  // namespace

std::string_view name_of(Method method) { return kMethods[std::size_t(method)].second; }

std::optional<Method> method_of(std::string_view name) {
  for (const auto& [method, text] : kMethods)
    if (text == name) return method;
  return std::nullopt;
}

bool Principal::may(std::string_view permission) const {
  return std::find(permissions.begin(), permissions.end(), permission) != permissions.end();
}

std::string_view Request::path(std::string_view name) const { return first_of(path_parameters, name); }
std::string_view Request::query(std::string_view name) const { return first_of(query_parameters, name); }
std::string_view Request::header(std::string_view name) const {
  return headers.find(name).value_or(std::string_view());
}

bool Request::has_query(std::string_view name) const {
  for (const auto& [key, value] : query_parameters)
    if (key == name) return true;
  return false;
}

std::optional<std::string_view> Request::cookie(std::string_view name) const {
  for (std::size_t i = 0; i < headers.size(); ++i) {
    const auto field = headers[i];
    if (!iequals(field.name, "Cookie")) continue;
    for (const auto part : split(field.value, ';')) {
      const auto pair = trim(part);
      if (pair.size() > name.size() && pair[name.size()] == '=' && pair.starts_with(name))
        return pair.substr(name.size() + 1);
    }
  }
  return std::nullopt;
}

Result<FileContent> open_file(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  std::shared_ptr<const int> owner(new int(fd), [](const int* p) {
    if (*p >= 0) ::close(*p);
    delete p;
  });
  struct stat info {};
  if (fd < 0 || ::fstat(fd, &info) != 0 || !S_ISREG(info.st_mode))
    return fail(ErrorKind::not_found, "HF-HTTP-0020", "the file does not exist", path + ": " + std::strerror(errno));
  return FileContent{std::move(owner), 0, std::uint64_t(info.st_size)};
}

std::optional<std::uint64_t> Response::size() const {
  if (const auto* text = std::get_if<std::string>(&content)) return text->size();
  if (const auto* shared = std::get_if<std::shared_ptr<const std::string>>(&content)) return (*shared)->size();
  if (const auto* file = std::get_if<FileContent>(&content)) return file->size;
  return std::nullopt;
}

Response text_response(int status, std::string body, std::string_view type) {
  Response response;
  response.status = status;
  response.headers.add("Content-Type", type);
  response.content = std::move(body);
  return response;
}

Response json_text_response(int status, std::string json) {
  return text_response(status, std::move(json), "application/json");
}

Response no_content() {
  Response response;
  response.status = 204;
  return response;
}

// RFC 9110 section 15, and RFC 6585 for 428, 429 and 431.
std::string_view reason_of(int status) {
  switch (status) {
    case 100: return "Continue";
    case 200: return "OK";
    case 201: return "Created";
    case 202: return "Accepted";
    case 204: return "No Content";
    case 206: return "Partial Content";
    case 301: return "Moved Permanently";
    case 302: return "Found";
    case 303: return "See Other";
    case 304: return "Not Modified";
    case 307: return "Temporary Redirect";
    case 308: return "Permanent Redirect";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 406: return "Not Acceptable";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 410: return "Gone";
    case 412: return "Precondition Failed";
    case 413: return "Content Too Large";
    case 414: return "URI Too Long";
    case 415: return "Unsupported Media Type";
    case 416: return "Range Not Satisfiable";
    case 417: return "Expectation Failed";
    case 422: return "Unprocessable Content";
    case 428: return "Precondition Required";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 500: return "Internal Server Error";
    case 501: return "Not Implemented";
    case 503: return "Service Unavailable";
    case 505: return "HTTP Version Not Supported";
    default: return "Status";
  }
}

std::string http_date(Time time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(std::chrono::floor<std::chrono::seconds>(time - day));
  return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT", kDays[std::chrono::weekday(day).c_encoding()],
                     unsigned(date.day()), kMonths[unsigned(date.month()) - 1], int(date.year()), clock.hours().count(),
                     clock.minutes().count(), clock.seconds().count());
}

std::optional<Time> parse_http_date(std::string_view text) {
  if (text.size() != 29 || !text.ends_with(" GMT")) return std::nullopt;
  for (std::size_t month = 0; month < kMonths.size(); ++month) {
    if (text.substr(8, 3) != kMonths[month]) continue;
    const auto time = parse_rfc3339(
        fmt::format("{}-{:02}-{}T{}Z", text.substr(12, 4), month + 1, text.substr(5, 2), text.substr(17, 8)));
    if (time && http_date(*time) == text) return *time;  // also checks the day name and the separators
  }
  return std::nullopt;
}

}  // namespace hf::net
