// One connection: a state machine that tries, and waits when the socket would block. It belongs to one loop thread;
// a worker touches only the exchange, and only between dispatch and the post that brings the answer back.
//
//   handshake -> receive -> handler -> send (-> events) -> receive ... -> linger -> closed
//
// A plain class with callbacks, not a coroutine: g++ 12 miscompiles ordinary co_await expressions.
#pragma once

#include <atomic>
#include <unordered_set>

#include "net/listener.h"
#include "net/loop.h"
#include "net/parser.h"
#include "net/stream.h"
#include "net/wire.h"
#include "net/workers.h"

namespace hf::net {

class Connection;
struct ListenerState;  // server_state.h

// What one loop thread owns.
struct IoThread {
  IoThread(ListenerState& state, unsigned number);
  [[nodiscard]] std::string_view date();  // Date header, made once a second
  [[nodiscard]] std::string next_request_id();

  ListenerState& listener;
  Loop loop;
  std::vector<char> scratch;  // read buffer shared by the thread's connections: idle ones hold none
  std::unordered_set<std::shared_ptr<Connection>> connections;
  bool draining = false;

  void remove(const std::shared_ptr<Connection>& connection);
  void when_empty(std::function<void()> call);  // once, now or when the last connection has gone

 private:
  std::function<void()> empty_;
  std::string date_;
  std::int64_t date_second_ = -1;
  std::uint64_t id_prefix_;
  std::uint64_t id_count_ = 0;
};

class Connection final : public Ready, public Timed, public Job, public std::enable_shared_from_this<Connection> {
 public:
  Connection(IoThread& io, int descriptor, std::string address, std::uint16_t port,
             std::shared_ptr<const TlsContext> tls);
  ~Connection();

  void start();
  void drain();  // finish what was accepted, then close
  void close();
  [[nodiscard]] const std::string& address() const { return peer_.address; }

  void on_ready() override;
  void on_deadline(Timeout which) override;
  void work() override;  // on a worker

 private:
  enum class State { handshake, receive, go_on, handler, send, events, linger, closed };
  enum class Next { again, read, write, wait };
  struct Exchange;

  void drive();
  Next step();
  Next handshake();
  Next receive();
  Next send_continue();
  Next send();
  Next send_content();
  Next send_events();
  Next linger();

  void feed(std::string_view bytes);
  void begin_exchange();
  void route();
  void await_body();
  void dispatch();
  void handle();  // calls the handler; on a worker or on the loop
  void refuse(const Refusal& refusal);
  void respond(Response response);
  void finish_exchange();
  [[nodiscard]] std::optional<Next> flush(bool more);
  [[nodiscard]] Next blocked(const IoResult& result);
  void enter(State state, std::optional<Timeout> timeout);
  void progress(std::size_t bytes);

  IoThread& io_;
  ListenerState& listener_;
  Peer peer_;
  Loop::Watch watch_;
  Stream stream_;
  State state_ = State::receive;
  bool fresh_ = false;       // in_ has bytes that were not offered to the parser yet
  bool more_input_ = false;  // something follows the request being answered
  bool sent_fin_ = false;
  std::string in_;         // received, not consumed
  std::size_t moved_ = 0;  // body bytes since the deadline was set
  std::unique_ptr<Exchange> exchange_;
};

}  // namespace hf::net
