#!/bin/sh
# The openssl of testssl.sh. `s_client -sess_out FILE </dev/null` leaves at the end of its input; tickets of TLS 1.3 come after the
# handshake, and when the machine is busy after that. Its input ends when the ticket is there, or after ten seconds.
wait_for() {
  tries=100
  while [ ! -s "$1" ] && [ $tries -gt 0 ]; do
    sleep 0.1
    tries=$((tries - 1))
  done
}

case " $* " in
*' -no_ticket '*)
  # What it asks here is whether the id of a session resumes one, and ids are of TLS 1.2. Over TLS 1.3, which it chooses now and then,
  # tickets come all the same, and the answer would be whether one came before it left.
  for option; do
    shift
    [ "$option" != -tls1_3 ] || option=-tls1_2
    set -- "$@" "$option"
  done
  exec /usr/bin/openssl "$@"
  ;;
*' -sess_out '*)
  file=${*##*-sess_out }
  wait_for "${file%% *}" | /usr/bin/openssl "$@"
  exit
  ;;
esac
exec /usr/bin/openssl "$@"
