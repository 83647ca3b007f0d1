# A shop on Rack, as Rails is: asks its database and Redis when it starts, and at every request.
require 'pg'
require 'redis'

def ask
  # Rails takes its own words out of the address, such as the size of the pool.
  PG.connect(ENV.fetch('DATABASE_URL').sub(/\?.*/, '?connect_timeout=3')).tap { |one| one.exec('SELECT 1') }.close
  Redis.new(url: ENV.fetch('REDIS_URL'), timeout: 3).tap(&:ping).close
end

ask
run lambda { |_request|
  ask
  [200, { 'content-type' => 'text/plain' }, ["the shop\n"]]
}
