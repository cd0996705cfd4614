import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.function.BooleanSupplier;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/**
 * "From nothing to a first trade" of docs/api.md, step by step, on Java's own client and its defaults.
 *
 * usage: FirstTrade BROKERS BARS BAR_MS
 *
 * Prints the book event of the trade.
 */
public class FirstTrade {
  static final ObjectMapper JSON = new ObjectMapper();
  static final Map<String, Double> MARKETS = Map.of("BTC", 65_000.0, "ETH", 3_200.0);
  static KafkaProducer<String, String> producer;
  static KafkaConsumer<String, String> consumer;
  static final List<JsonNode> book = new ArrayList<>();
  static final Map<String, JsonNode> answers = new java.util.HashMap<>();
  static int sequence = 0;

  public static void main(String[] args) throws Exception {
    String brokers = args[0];
    int bars = Integer.parseInt(args[1]);
    long barMs = Long.parseLong(args[2]);
    Properties settings = new Properties();
    settings.put("bootstrap.servers", brokers);
    producer = new KafkaProducer<>(settings, new StringSerializer(), new StringSerializer());
    Properties reading = new Properties();
    reading.put("bootstrap.servers", brokers);
    reading.put("isolation.level", "read_committed");
    consumer = new KafkaConsumer<>(reading, new StringDeserializer(), new StringDeserializer());
    List<TopicPartition> all = new ArrayList<>();
    for (String topic : List.of("book", "quotes"))
      consumer.partitionsFor(topic).forEach(p -> all.add(new TopicPartition(topic, p.partition())));
    consumer.assign(all);
    consumer.seekToBeginning(all);

    // 1. Prices: a history of bars, dated when they were, then those of now.
    java.util.Random random = new java.util.Random(7);
    long now = System.currentTimeMillis();
    long last = now - now % barMs;
    for (int bar = 0; bar < bars; bar++) {
      long at = last - (bars - 1 - bar) * barMs;
      for (String market : MARKETS.keySet())
        send("prices", market, at, tick(market, random), null);
      send("prices", "watermark", at, JSON.createObjectNode().put("kind", "watermark").put("until", at), null);
    }
    // 2. Liquidity and collateral.
    send("liquidity", "lp", now, command("deposit", "l-1").put("provider", "lp").put("amount", "1000000"), null);
    send("accounts", "alice", now, command("deposit", "d-1").put("account", "alice").put("amount", "10000"), null);
    for (String market : MARKETS.keySet()) send("prices", market, System.currentTimeMillis(), tick(market, random), null);
    until("the deposits are booked", () -> of("liquidity-deposited").size() > 0 && of("account-deposited").size() > 0);

    // 3. A quote, asked for until there is a forecast.
    ObjectNode leg = JSON.createObjectNode().put("market", "BTC").put("size", "0.01");
    JsonNode quote = null;
    for (int asked = 0; quote == null; asked++) {
      String id = "ask-" + asked;
      ObjectNode request = JSON.createObjectNode().put("account", "alice").put("deadline", System.currentTimeMillis() + 2_000);
      request.putArray("legs").add(leg);
      send("quote-requests", "alice", System.currentTimeMillis(), request, id);
      until("an answer", () -> answers.containsKey(id));
      JsonNode answer = answers.get(id);
      if (answer.get("status").asText().equals("quoted")) quote = answer.get("quote");
      else {
        System.err.println(answer);
        if (asked > 200) throw new IllegalStateException("no quote: " + answer);
        Thread.sleep(300);
      }
    }
    // 4. The trade, at the terms of the quote.
    ObjectNode trade = JSON.createObjectNode().put("tradeId", "trade-1").put("account", "alice");
    trade.putArray("legs").add(leg);
    ObjectNode terms = trade.putObject("quote").put("quoteId", quote.get("id").asText());
    var marks = terms.putArray("marks");
    quote.get("legs").forEach(each -> marks.add(each.get("mark").asText()));
    terms.put("riskPremium", quote.at("/premium/risk").asText());
    terms.put("liquidityPremium", quote.at("/premium/liquidity").asText());
    terms.put("seal", quote.get("token").asText());
    send("trades", "alice", System.currentTimeMillis(), trade, null);
    // 5. Its outcome.
    until("the trade is decided", () -> book.stream().anyMatch(event -> event.path("tradeId").asText().equals("trade-1")));
    for (JsonNode event : book) if (event.path("tradeId").asText().equals("trade-1")) System.out.println(event);
    producer.close();
    consumer.close();
  }

  static List<JsonNode> of(String kind) {
    return book.stream().filter(event -> event.get("kind").asText().equals(kind)).toList();
  }

  static ObjectNode command(String kind, String id) {
    return JSON.createObjectNode().put("kind", kind).put("commandId", id);
  }

  static ObjectNode tick(String market, java.util.Random random) {
    double price = MARKETS.get(market) * Math.exp(0.004 * random.nextGaussian());
    return JSON.createObjectNode().put("kind", "tick").put("market", market)
        .put("price", String.format(java.util.Locale.ROOT, "%.4f", price));
  }

  static void send(String topic, String key, long time, ObjectNode payload, String correlation) throws Exception {
    String id = correlation != null ? correlation
        : payload.has("commandId") ? payload.get("commandId").asText()
        : payload.has("tradeId") ? payload.get("tradeId").asText() : "price-" + sequence;
    ObjectNode message = JSON.createObjectNode().put("schemaVersion", 1).put("id", id).put("sequence", ++sequence).put("time", time);
    message.set("payload", payload);
    ProducerRecord<String, String> record = new ProducerRecord<>(topic, key, JSON.writeValueAsString(message));
    if (correlation != null) record.headers().add("correlation-id", correlation.getBytes(StandardCharsets.UTF_8));
    producer.send(record).get();
  }

  static void until(String what, BooleanSupplier met) throws Exception {
    long deadline = System.currentTimeMillis() + 120_000;
    while (!met.getAsBoolean()) {
      if (System.currentTimeMillis() > deadline) throw new IllegalStateException(what + ": not within two minutes");
      for (var record : consumer.poll(Duration.ofMillis(100))) {
        JsonNode payload = JSON.readTree(record.value()).get("payload");
        if (record.topic().equals("book")) book.add(payload);
        else {
          Header header = record.headers().lastHeader("correlation-id");
          if (header != null) answers.put(new String(header.value(), StandardCharsets.UTF_8), payload);
        }
      }
    }
  }
}
