// The sending half of a connection: the head, content of each kind, and event streams.
#include <fmt/core.h>
#include <unistd.h>
#include <algorithm>

#include "net/events.h"
#include "net/exchange.h"
#include "net/problem.h"
#include "net/range.h"
#include "net/server_state.h"

namespace hf::net {
namespace {

constexpr std::size_t kSmallContent = 16 * 1024;  // content sent in one write with its head

}  // namespace

void Connection::respond(Response response) {
  auto& x = *exchange_;
  x.response = std::move(response);
  if (!x.handled) listener_.config.serves->refused(x.request, x.response);
  apply_conditions(x.request, x.response);
  // What has been read is answered, also while draining; the last answer says that it is the last.
  x.keep_alive = x.keep_alive && !x.response.close && !(io_.draining && !more_input_);
  const auto size = x.response.size();
  x.framing = size ? Framing::length : x.version == 11 ? Framing::chunked : Framing::until_close;
  if (x.framing == Framing::until_close) x.keep_alive = false;
  x.response.headers.set_if_absent("X-Request-Id", x.request.id);
  x.out.clear();
  x.sent = 0;
  Wire wire{.date = io_.date(), .framing = x.framing, .keep_alive = x.keep_alive, .version = x.version};
  if (!append_head(x.out, x.response, wire)) {
    x.response = problem(500, "HF-HTTP-0017", "the server failed; the request id tells the operator why", x.request.id);
    wire.framing = x.framing = Framing::length;
    if (!append_head(x.out, x.response, wire)) return close();
  }
  x.content_at = 0;
  x.content_done = x.head_only || !allows_content(x.response.status) || x.response.size() == std::uint64_t(0);
  if (const auto* text = std::get_if<std::string>(&x.response.content);
      text != nullptr && !x.content_done && text->size() <= kSmallContent) {
    x.out += *text;
    x.content_done = true;
  }
  x.producer_more = !x.content_done && std::holds_alternative<std::shared_ptr<Producer>>(x.response.content);
  enter(State::send, Timeout::body);
}

std::optional<Connection::Next> Connection::flush(bool more) {
  auto& x = *exchange_;
  while (x.sent < x.out.size()) {
    const auto result = stream_.write(std::string_view(x.out).substr(x.sent), more);
    if (result.io != Io::done) return blocked(result);
    x.sent += result.bytes;
    progress(result.bytes);
  }
  return std::nullopt;
}

Connection::Next Connection::send() {
  auto& x = *exchange_;
  if (const auto wait = flush(!x.content_done)) return *wait;
  if (!x.content_done) return send_content();
  finish_exchange();
  return Next::again;
}

// One step of a content that did not go out with the head.
Connection::Next Connection::send_content() {
  auto& x = *exchange_;
  x.out.clear();
  x.sent = 0;
  if (const auto* stream = std::get_if<std::shared_ptr<EventStream>>(&x.response.content)) {
    enter(State::events, Timeout::event);
    (*stream)->on_data([&io = io_, weak = weak_from_this()] {
      io.loop.post([weak] {
        if (const auto self = weak.lock()) self->on_ready();
      });
    });
    return Next::again;
  }
  if (std::holds_alternative<std::shared_ptr<Producer>>(x.response.content)) {
    if (x.producer_failed) {  // cut: the client must not take a part for the whole
      close();
      return Next::wait;
    }
    if (!x.piece.empty()) {
      x.out = x.framing == Framing::chunked ? fmt::format("{:x}\r\n{}\r\n", x.piece.size(), x.piece) : x.piece;
      x.piece.clear();
    }
    if (!x.producer_more) {
      if (x.framing == Framing::chunked) x.out += "0\r\n\r\n";
      x.content_done = true;
      return Next::again;
    }
    if (!x.out.empty()) return Next::again;
    enter(State::handler, std::nullopt);
    listener_.workers.push_more(std::static_pointer_cast<Job>(shared_from_this()));
    return Next::wait;
  }
  IoResult result{Io::failed};
  const auto left = *x.response.size() - x.content_at;
  if (const auto* file = std::get_if<FileContent>(&x.response.content)) {
    if (!stream_.tls()) {
      result = stream_.send_file(*file->descriptor, file->offset + x.content_at, left);
    } else {
      x.out.resize(std::min<std::uint64_t>(left, kChunk));
      const auto n = ::pread(*file->descriptor, x.out.data(), x.out.size(), off_t(file->offset + x.content_at));
      if (n <= 0) {
        close();
        return Next::wait;
      }
      x.out.resize(std::size_t(n));
      x.content_at += std::size_t(n);
      x.content_done = x.content_at == *x.response.size();
      return Next::again;
    }
  } else {
    const auto* text = std::get_if<std::string>(&x.response.content);
    const std::string_view all =
        text != nullptr ? *text : *std::get<std::shared_ptr<const std::string>>(x.response.content);
    result = stream_.write(all.substr(x.content_at), false);
  }
  if (result.io != Io::done) return blocked(result);
  x.content_at += result.bytes;
  progress(result.bytes);
  x.content_done = x.content_at == *x.response.size();
  return Next::again;
}

// Until the publisher ends, the client goes, or the server drains.
Connection::Next Connection::send_events() {
  auto& x = *exchange_;
  auto& stream = *std::get<std::shared_ptr<EventStream>>(x.response.content);
  if (x.sent < x.out.size()) {
    if (const auto wait = flush(false)) return *wait;
    io_.loop.set_deadline(*this, Timeout::event);
  }
  if (x.content_done) {
    stream.detach();
    finish_exchange();
    return Next::again;
  }
  x.out.clear();
  x.sent = 0;
  std::string frames;
  const bool more = stream.take(frames) && !io_.draining;
  if (!frames.empty())
    x.out = x.framing == Framing::chunked ? fmt::format("{:x}\r\n{}\r\n", frames.size(), frames) : frames;
  if (!more) {
    if (x.framing == Framing::chunked) x.out += "0\r\n\r\n";
    x.content_done = true;
    x.keep_alive = x.keep_alive && !io_.draining;
  }
  if (!x.out.empty()) {
    io_.loop.set_deadline(*this, Timeout::body);  // a reader that stops reading is cut
    return Next::again;
  }
  if (x.content_done) return Next::again;
  const auto result = stream_.read(io_.scratch.data(), io_.scratch.size());
  if (result.io == Io::done) return Next::again;  // nothing is expected; what comes is dropped
  return blocked(result);
}

}  // namespace hf::net
