#include "net/connection.h"

#include <fmt/core.h>
#include <sys/random.h>
#include <unistd.h>
#include <algorithm>

#include "base/text.h"
#include "net/events.h"
#include "net/exchange.h"
#include "net/problem.h"
#include "net/server_state.h"

namespace hf::net {
namespace {

constexpr std::size_t kProgress = 16 * 1024;  // bytes that renew a body deadline
constexpr std::size_t kLingerMax = 1 << 20;
constexpr int kTurnsMax = 64;  // steps before the other connections of the thread get theirs

std::string_view media_type(std::string_view content_type) {
  return trim(content_type.substr(0, content_type.find(';')));
}

Response busy(std::string_view request_id) {
  auto response = problem(503, "HF-HTTP-0016", "the server is busy; try again", request_id);
  response.headers.add("Retry-After", "1");
  return response;
}

// The trace id of a version 00 traceparent (W3C Trace Context, section 3.2.2); empty if it is not one.
std::string trace_id_of(std::string_view traceparent) {
  constexpr std::size_t kSize = 55;
  if (traceparent.size() != kSize || !traceparent.starts_with("00-") || traceparent[35] != '-' ||
      traceparent[52] != '-')
    return {};
  const auto id = traceparent.substr(3, 32);
  const bool hex =
      std::all_of(id.begin(), id.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
  return hex && id.find_first_not_of('0') != std::string_view::npos ? std::string(id) : std::string();
}

}  // namespace

IoThread::IoThread(ListenerState& state, unsigned)
    : listener(state),
      loop({state.config.limits.handshake_timeout, state.config.limits.header_timeout, state.config.limits.body_timeout,
            state.config.limits.idle_timeout, state.config.limits.linger_timeout, state.config.limits.event_interval}),
      scratch(kChunk) {
  if (::getrandom(&id_prefix_, sizeof id_prefix_, 0) != sizeof id_prefix_) std::abort();
}

std::string_view IoThread::date() {
  const auto now = listener.clock.now();
  const auto second = micros(now) / 1'000'000;
  if (second != date_second_) {
    date_ = http_date(now);
    date_second_ = second;
  }
  return date_;
}

std::string IoThread::next_request_id() { return fmt::format("{:016x}{:08x}", id_prefix_, ++id_count_); }

void IoThread::remove(const std::shared_ptr<Connection>& connection) {
  connections.erase(connection);
  if (connections.empty() && empty_) std::exchange(empty_, nullptr)();
}

void IoThread::when_empty(std::function<void()> call) {
  if (connections.empty()) return call();
  empty_ = std::move(call);
}

Connection::Connection(IoThread& io, int descriptor, std::string address, std::uint16_t port,
                       std::shared_ptr<const TlsContext> tls)
    : io_(io),
      listener_(io.listener),
      watch_(io.loop, descriptor, *this),
      stream_(descriptor, std::move(tls), listener_.clock.now()) {
  peer_.address = std::move(address);
  peer_.port = port;
  peer_.tls = stream_.tls();
}

Connection::~Connection() = default;

void Connection::start() {
  if (!watch_.ok()) return close();
  if (stream_.tls()) enter(State::handshake, Timeout::handshake);
  else enter(State::receive, Timeout::idle);
  drive();
}

void Connection::close() {
  if (state_ == State::closed) return;
  if (state_ == State::events) std::get<std::shared_ptr<EventStream>>(exchange_->response.content)->detach();
  // A worker may hold the exchange; it is dropped when the worker's post finds the connection closed.
  if (state_ != State::handler) exchange_.reset();
  enter(State::closed, std::nullopt);
  watch_.close();
  listener_.release(peer_.address);
  io_.remove(shared_from_this());
}

void Connection::drain() {
  const auto keep = shared_from_this();
  // A request may already be in the socket: receive() tries once more and closes only an idle connection.
  if (state_ == State::handshake || state_ == State::events || (state_ == State::receive && !exchange_)) drive();
}

void Connection::enter(State state, std::optional<Timeout> timeout) {
  state_ = state;
  moved_ = 0;
  if (timeout) io_.loop.set_deadline(*this, *timeout);
  else io_.loop.deadlines().clear(*this);
}

void Connection::progress(std::size_t bytes) {
  moved_ += bytes;
  if (moved_ < kProgress) return;
  moved_ = 0;
  io_.loop.set_deadline(*this, Timeout::body);
}

void Connection::on_ready() {
  const auto keep = shared_from_this();
  try {
    drive();
  } catch (const std::exception&) {  // no memory: this connection ends, the others go on
    close();
  }
}

void Connection::on_deadline(Timeout which) {
  const auto keep = shared_from_this();
  if (which == Timeout::event && state_ == State::events) {
    // A comment line: proxies keep the connection, and a peer that is gone is found out.
    exchange_->out = exchange_->framing == Framing::chunked ? "3\r\n:\n\n\r\n" : ":\n\n";
    exchange_->sent = 0;
    io_.loop.set_deadline(*this, Timeout::body);
    return on_ready();
  }
  // Tell a slow client why, if one write takes it; nothing waits for it any longer.
  if (state_ == State::receive && exchange_ && (which == Timeout::header || which == Timeout::body)) {
    const auto timeout = problem(408, "HF-HTTP-0009", "the request did not arrive in time", exchange_->request.id);
    std::string out;
    if (append_head(out, timeout, {.date = io_.date(), .keep_alive = false})) {
      out += std::get<std::string>(timeout.content);
      if (stream_.write(out, false).io == Io::done) stream_.end_output();
    }
  }
  close();
}

void Connection::drive() {
  for (int turn = 0; state_ != State::closed; ++turn) {
    if (turn == kTurnsMax) return io_.loop.post([self = shared_from_this()] { self->on_ready(); });
    const auto next = step();
    if (state_ == State::closed) return;
    if (next == Next::read) return watch_.want_read();
    if (next == Next::write) return watch_.want_write();
    if (next == Next::wait) return;
  }
}

Connection::Next Connection::step() {
  switch (state_) {
    case State::handshake: return handshake();
    case State::receive: return receive();
    case State::go_on: return send_continue();
    case State::send: return send();
    case State::events: return send_events();
    case State::linger: return linger();
    case State::handler:
    case State::closed: break;
  }
  return Next::wait;
}

Connection::Next Connection::blocked(const IoResult& result) {
  if (result.io == Io::want_read) return Next::read;
  if (result.io == Io::want_write) return Next::write;
  close();
  return Next::wait;
}

Connection::Next Connection::handshake() {
  const auto result = stream_.handshake();
  if (result.io != Io::done) return blocked(result);
  peer_.certificate = client_certificate(stream_.ssl());
  enter(State::receive, Timeout::idle);
  return Next::again;
}

Connection::Next Connection::receive() {
  if (std::exchange(fresh_, false)) {
    feed(in_);
    return Next::again;
  }
  const auto result = stream_.read(io_.scratch.data(), io_.scratch.size());
  if (result.io != Io::done) {
    const bool idle = !exchange_ && in_.empty();
    if (idle && io_.draining && (result.io == Io::want_read || result.io == Io::want_write)) {
      stream_.end_output();
      close();
      return Next::wait;
    }
    return blocked(result);
  }
  const std::string_view bytes(io_.scratch.data(), result.bytes);
  if (exchange_ && exchange_->routed) progress(bytes.size());
  if (in_.empty()) {
    feed(bytes);
  } else {
    in_.append(bytes);
    feed(in_);
  }
  return Next::again;
}

// `bytes` is in_ or the thread's scratch buffer; what stays unread ends in in_.
void Connection::feed(std::string_view bytes) {
  auto rest = bytes;
  if (!exchange_) {
    // RFC 9112 section 2.2: empty lines before a request line are skipped.
    while (rest.starts_with("\r\n")) rest.remove_prefix(2);
    if (!rest.empty() && rest != "\r") begin_exchange();
  }
  while (exchange_ && state_ == State::receive && !rest.empty()) {
    auto& parser = exchange_->parser;
    const auto fed = parser.put(rest);
    rest.remove_prefix(fed.consumed);
    more_input_ = !rest.empty();
    if (fed.refusal) {
      refuse(*fed.refusal);
    } else if (parser.head_done() && !exchange_->routed) {
      exchange_->routed = true;
      route();
      if (state_ == State::receive && parser.done()) dispatch();
    } else if (parser.done()) {
      dispatch();
    } else if (fed.consumed == 0) {
      break;
    }
  }
  if (rest.empty()) std::string().swap(in_);  // an idle connection holds no buffer
  else if (bytes.data() == in_.data()) in_.erase(0, bytes.size() - rest.size());
  else in_.assign(rest);
}

void Connection::begin_exchange() {
  const auto& limits = listener_.config.limits;
  exchange_ = std::make_unique<Exchange>(
      ParserLimits{.header_bytes = limits.header_bytes, .header_fields = limits.header_fields});
  auto& request = exchange_->request;
  request.id = io_.next_request_id();
  request.listener = listener_.config.name;
  request.received = listener_.clock.now();
  enter(State::receive, Timeout::header);
}

// The head is complete: everything that can be refused without the body is refused now.
void Connection::route() {
  auto& x = *exchange_;
  auto& head = x.parser.head();
  auto& request = x.request;
  const auto& id = request.id;
  x.version = head.version;
  x.head_only = head.method == "HEAD";
  const bool has_body = head.chunked || head.content_length.value_or(0) > 0;
  request.peer = peer_;
  request.headers = std::move(head.headers);
  request.target = std::move(head.target);
  request.trace_id = trace_id_of(request.header("traceparent"));

  const auto answer = [&](Response response) {
    x.keep_alive = head.keep_alive && !has_body;  // what follows an unread body cannot be trusted
    respond(std::move(response));
  };
  const auto method = method_of(head.method);
  if (!method) return answer(problem(501, "HF-HTTP-0010", "the method is not known here", id));
  request.method = *method;
  // RFC 9112 section 3.2: exactly one Host in HTTP/1.1.
  if (const auto hosts = request.headers.count("Host"); hosts > 1 || (hosts == 0 && head.version == 11))
    return refuse({400, "HF-HTTP-0011", "the request must have one Host field"});
  auto target = parse_target(request.target);
  if (!target)
    return answer(
        problem(target.error().kind == ErrorKind::limit ? 414 : 400, target.error().code, target.error().message, id));
  request.decoded_path = std::move(target->path);
  request.query_parameters = std::move(target->query);
  auto match = listener_.config.serves->router().match(*method, *target);
  if (match.route == nullptr && match.allow.empty()) return answer(problem(404, "HF-HTTP-0012", "nothing is here", id));
  if (match.route == nullptr) {
    auto response = *method == Method::options
                        ? no_content()
                        : problem(405, "HF-HTTP-0013", "this resource does not have that method", id);
    response.headers.add("Allow", match.allow);
    return answer(std::move(response));
  }
  const auto& route = *match.route;
  x.route = &route;
  request.path_pattern = route.path;
  request.path_parameters = std::move(match.parameters);

  const auto body_max = std::min(route.body_max, listener_.config.limits.body_bytes);
  if (has_body && (body_max == 0 || head.content_length.value_or(0) > body_max))
    return answer(problem(413, "HF-HTTP-0008", "the content is larger than this resource accepts", id));
  if (has_body && !route.content_types.empty()) {
    const auto type = media_type(request.header("Content-Type"));
    const auto is_type = [&](std::string_view accepted) { return iequals(accepted, type); };
    if (std::none_of(route.content_types.begin(), route.content_types.end(), is_type))
      return answer(problem(415, "HF-HTTP-0014", "this resource does not read that media type", id));
  }
  x.keep_alive = head.keep_alive;
  x.parser.read_body_into(request.body, body_max, listener_.config.limits.body_memory_bytes,
                          listener_.config.spool_directory);
  if (!has_body) return;
  // RFC 9110 section 10.1.1
  if (const auto expect = request.headers.find("Expect");
      expect && head.version == 11 && !iequals(*expect, "100-continue"))
    return answer(problem(417, "HF-HTTP-0015", "only 100-continue can be expected", id));
  const auto in_memory = listener_.config.limits.body_memory_bytes;
  if (route.permission == kPublic || body_max <= in_memory || (!head.chunked && *head.content_length <= in_memory))
    return await_body();
  x.admitting = true;
  enter(State::handler, std::nullopt);
  if (!listener_.workers.try_push(std::static_pointer_cast<Job>(shared_from_this()))) answer(busy(id));
}

void Connection::await_body() {
  auto& x = *exchange_;
  enter(State::receive, Timeout::body);
  if (!x.request.headers.find("Expect") || x.version != 11 || more_input_)
    return;  // more_input_: the client did not wait
  x.out = "HTTP/1.1 100 Continue\r\n\r\n";
  enter(State::go_on, Timeout::body);
}

Connection::Next Connection::send_continue() {
  if (const auto wait = flush(false)) return *wait;
  exchange_->out.clear();
  exchange_->sent = 0;
  enter(State::receive, Timeout::body);
  return Next::again;
}

void Connection::dispatch() {
  auto& x = *exchange_;
  if (const auto mapped = x.request.body.finish(); !mapped)
    return respond(problem(mapped.error(), Stage::content, x.request.id));
  if (x.route->runs_on == RunsOn::io) {
    handle();
    return respond(std::move(x.response));
  }
  enter(State::handler, std::nullopt);
  if (listener_.workers.try_push(std::static_pointer_cast<Job>(shared_from_this()))) return;
  if (listener_.config.overload) return respond(listener_.config.overload(x.request));
  respond(busy(x.request.id));
}

void Connection::handle() {
  auto& x = *exchange_;
  try {
    x.handled = true;
    x.response = listener_.config.serves->handle(*x.route, x.request);
  } catch (const std::exception&) {
    x.response = problem(500, "HF-HTTP-0017", "the server failed; the request id tells the operator why", x.request.id);
  }
}

void Connection::work() {
  auto& x = *exchange_;
  if (x.admitting) {
    try {
      x.refused_early = listener_.config.serves->refuse_early(*x.route, x.request);
    } catch (const std::exception&) {
      x.refused_early =
          problem(500, "HF-HTTP-0017", "the server failed; the request id tells the operator why", x.request.id);
    }
  } else if (!x.producer_more) {
    handle();
  } else {
    const auto& producer = std::get<std::shared_ptr<Producer>>(x.response.content);
    try {
      const auto more = producer->next(x.piece);
      x.producer_failed = !more;
      x.producer_more = more.value_or(false);
    } catch (const std::exception&) {
      x.producer_failed = true;
    }
  }
  io_.loop.post([self = shared_from_this()] {
    if (self->state_ == State::closed) return self->exchange_.reset();
    auto& exchange = *self->exchange_;
    if (std::exchange(exchange.admitting, false)) {
      self->fresh_ = !self->in_.empty();
      if (exchange.refused_early) {
        exchange.keep_alive = false;  // what follows an unread body cannot be trusted
        exchange.handled = true;
        self->respond(*std::move(exchange.refused_early));
      } else {
        self->await_body();
      }
    } else if (exchange.content_done) self->respond(std::move(self->exchange_->response));
    else self->enter(State::send, Timeout::body);
    self->on_ready();
  });
}

void Connection::refuse(const Refusal& refusal) {
  exchange_->keep_alive = false;
  respond(problem(refusal.status, refusal.code, refusal.detail, exchange_->request.id));
}

void Connection::finish_exchange() {
  const bool keep_alive = exchange_->keep_alive;
  exchange_.reset();
  if (keep_alive) {
    fresh_ = !in_.empty();
    return enter(State::receive, Timeout::idle);
  }
  enter(State::linger, Timeout::linger);
}

// Closing a socket with unread input makes the kernel send RST, which can destroy the answer on its way
// (RFC 9112 section 9.6): say FIN, then read until the client has read ours and closes.
Connection::Next Connection::linger() {
  if (!std::exchange(sent_fin_, true)) stream_.end_output();
  for (;;) {
    const auto result = stream_.read(io_.scratch.data(), io_.scratch.size());
    if (result.io != Io::done) return blocked(result);
    moved_ += result.bytes;
    if (moved_ > kLingerMax) {
      close();
      return Next::wait;
    }
  }
}

}  // namespace hf::net
