// Software that a host runs as a process: a broker, a controller, a client.
#pragma once

#include <functional>
#include <memory>

#include "sim/component.h"

namespace brokersim::host {

class Host;

/// One life of a program. Its components belong to the process given to the factory and must be its members (or
/// theirs), so that they die with it. Destructors run after the process is dead: they do not send, schedule,
/// draw or write history.
class Service {
 public:
  Service() = default;
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;
  virtual ~Service() = default;

  /// The program begins. An event of the process, at the instant of Host::start().
  virtual void start() = 0;
  /// SIGTERM: shut down in order, then call Host::exited(). An event of the process.
  virtual void terminate() = 0;
};

/// Makes a new life. Called by Host::start(); `process` is alive. host.incarnation(name) tells which life it is.
using ServiceFactory = std::function<std::unique_ptr<Service>(sim::Process& process, Host& host)>;

}  // namespace brokersim::host
