port 3000
environment ENV.fetch('RAILS_ENV')
