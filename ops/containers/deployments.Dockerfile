# What the stand-ins for the images of the tests' deployments have besides Debian's packages (ops/containers/stand-ins).
FROM storemgr-stand-in/packages:bookworm
COPY mysql-entrypoint programs /usr/local/bin/
# As in the public images: logs on the standard streams, an nginx with one server in the place of the mounted file, a PHP that
# listens on the network and hands on the environment, and folders of the accounts that use them. What the packages wrote is
# deleted file by file: some storage of images forgets that a folder was deleted, if it is made again.
RUN set -e; \
    chmod 755 /usr/local/bin/*; \
    rm -rf /etc/nginx/sites-enabled/*; \
    for folder in mysql postgresql rabbitmq redis; do find /var/lib/$folder -mindepth 1 -delete; done; \
    printf 'server { listen 80; location / { root /usr/share/nginx/html; } }\n' > /etc/nginx/conf.d/default.conf; \
    ln -sf /dev/stdout /var/log/nginx/access.log; ln -sf /dev/stderr /var/log/nginx/error.log; \
    install -d -o mysql -g mysql /var/lib/mysql; install -d -o postgres -g postgres /var/lib/postgresql /var/lib/postgresql/data; \
    install -d -o rabbitmq -g rabbitmq /var/lib/rabbitmq; install -d -m 1777 /run/mysqld; \
    install -d -o 65534 -g 65534 /prometheus; install -d -o 472 -g 472 /var/lib/grafana; install -d /run/php; \
    printf '[global]\nerror_log = /proc/self/fd/2\ndaemonize = no\n[www]\nuser = www-data\ngroup = www-data\nlisten = 9000\npm = static\npm.max_children = 2\nclear_env = no\ncatch_workers_output = yes\ndecorate_workers_output = no\n' > /etc/php/8.2/fpm/php-fpm.conf; \
    ln -sf /usr/sbin/php-fpm8.2 /usr/local/bin/php-fpm
ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
