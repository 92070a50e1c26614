// Loads partition directories with Kafka's own log loader and prints what it kept, one JSON line each.
//
// Standard input: one directory per line, as "<clean|unclean> <recovery point> <now in ms> <directory>". Directories are changed,
// as a restart changes them. Run with the jars of pom.xml on the class path: java -cp 'lib/*' LoadLog.java
import java.io.BufferedReader;
import java.io.File;
import java.io.InputStreamReader;
import java.util.Optional;
import java.util.Properties;
import java.util.stream.Collectors;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.server.util.KafkaScheduler;
import org.apache.kafka.storage.internals.log.LogConfig;
import org.apache.kafka.storage.internals.log.LogDirFailureChannel;
import org.apache.kafka.storage.internals.log.ProducerStateManagerConfig;
import org.apache.kafka.storage.internals.log.UnifiedLog;
import org.apache.kafka.storage.log.metrics.BrokerTopicStats;

public class LoadLog {
  public static void main(String[] args) throws Exception {
    KafkaScheduler scheduler = new KafkaScheduler(1);
    scheduler.startup();
    BrokerTopicStats stats = new BrokerTopicStats();
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      String[] words = line.split(" ", 4);
      Time time = at(Long.parseLong(words[2]));
      System.out.println(load(new File(words[3]), words[0].equals("clean"), Long.parseLong(words[1]), time, scheduler, stats));
    }
    System.out.flush();
    System.exit(0);
  }

  /** The system's clock, but for the date: producers idle for a day are forgotten. */
  static Time at(long milliseconds) {
    return (Time) java.lang.reflect.Proxy.newProxyInstance(Time.class.getClassLoader(), new Class<?>[] {Time.class},
        (proxy, method, arguments) -> method.getName().equals("milliseconds") ? milliseconds
            : method.invoke(Time.SYSTEM, arguments));
  }

  static String load(File directory, boolean clean, long recoveryPoint, Time time, KafkaScheduler scheduler, BrokerTopicStats stats) {
    try {
      UnifiedLog log = UnifiedLog.create(directory, new LogConfig(new Properties()), 0L, recoveryPoint, scheduler, stats,
          time, 900000, new ProducerStateManagerConfig(86400000, true), 600000, new LogDirFailureChannel(1), clean,
          Optional.empty());
      String segments = log.logSegments().stream()
          .map(s -> "[" + s.baseOffset() + "," + s.size() + "]").collect(Collectors.joining(","));
      String epochs = log.leaderEpochCache().epochEntries().stream()
          .map(e -> "[" + e.epoch + "," + e.startOffset + "]").collect(Collectors.joining(","));
      String producers = log.producerStateManager().activeProducers().entrySet().stream().sorted(java.util.Map.Entry.comparingByKey())
          .map(e -> "[" + e.getKey() + "," + e.getValue().producerEpoch() + "," + e.getValue().lastSeq() + ","
              + e.getValue().lastDataOffset() + "," + e.getValue().currentTxnFirstOffset().orElse(-1L) + "]")
          .collect(Collectors.joining(","));
      String result = "{\"log_start\":" + log.logStartOffset() + ",\"log_end\":" + log.logEndOffset() + ",\"segments\":["
          + segments + "],\"epochs\":[" + epochs + "],\"producers\":[" + producers + "]}";
      log.closeHandlers();
      return result;
    } catch (Throwable error) {
      return "{\"error\":\"" + error.toString().replace("\\", "/").replace("\"", "'").replace("\n", " ") + "\"}";
    }
  }
}
