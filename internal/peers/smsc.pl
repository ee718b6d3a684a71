# An SMSC of Net::SMPP, steered by JSON lines as smsc.js is.
use strict;
use warnings;
use Encode qw(decode encode);
use IO::Select;
use JSON::PP;
use Net::SMPP;

$| = 1;
$SIG{PIPE} = 'IGNORE';
$SIG{__WARN__} = sub { };    # the library warns of each end of a connection

my $json = JSON::PP->new->utf8->canonical;
sub say_event { print $json->encode({@_}), "\n" }

my $server = Net::SMPP->new_listen('127.0.0.1', port => 0) or die "listen: $!";
my $session;        # the last that connected
my %bound = (0x1 => 'bind_receiver', 0x2 => 'bind_transmitter', 0x9 => 'bind_transceiver');
my $next = 0;

# What is on its way to the ESME: it goes out again on the next link, until it is answered.
my (%unanswered, %asked);
my $given = 0;

sub give {
    my ($one) = @_;
    $one->{number} //= ++$given;
    $unanswered{ $one->{number} } = $one;
    $asked{ $session->deliver_sm(async => 1, @{ $one->{pdu} }) } = sub {
        delete $unanswered{ $one->{number} };
        say_event(@{ $one->{acked} }, status => $_[0]{status});
    };
}

sub submitted {
    my ($pdu) = @_;
    if ($pdu->{destination_addr} eq '0') {
        $session->submit_sm_resp(seq => $pdu->{seq}, status => 0x0B, message_id => '');
        return;
    }
    my $id = 'p' . ++$next;
    my ($octets, @udh) = $pdu->{short_message};
    if ($pdu->{esm_class} & 0x40) {
        my $header = substr $octets, 0, 1 + ord $octets, '';
        substr $header, 0, 1, '';
        while (length $header > 2) {
            push @udh, unpack 'H*', substr $header, 0, 2 + ord(substr $header, 1, 1), '';
        }
    }
    say_event(event => 'submit', id => $id, source => $pdu->{source_addr}, dest => $pdu->{destination_addr}, coding => $pdu->{data_coding},
        text => decode($pdu->{data_coding} == 8 ? 'UTF-16BE' : 'gsm0338', $octets), udh => \@udh);
    $session->submit_sm_resp(seq => $pdu->{seq}, message_id => $id);
    return unless $pdu->{registered_delivery} & 1;
    give({
        acked => [ event => 'receipt_acked', id => $id ],
        pdu   => [
            source_addr => $pdu->{destination_addr}, destination_addr => $pdu->{source_addr}, esm_class => 4,
            short_message => "id:$id sub:001 dlvrd:001 submit date:2608271404 done date:2608271405 stat:DELIVRD err:000 text:",
            receipted_message_id => "$id\0", message_state => "\x02",
        ],
    });
}

my %commands = (
    # A message from a phone. header: hex of a user data header.
    mo => sub {
        my ($c) = @_;
        my $octets = ($c->{coding} // 0) == 8 ? encode('UTF-16BE', $c->{text}) : $c->{text};
        give({
            acked => [ event => 'mo_acked' ],
            pdu   => [
                source_addr => $c->{source}, destination_addr => $c->{dest}, data_coding => $c->{coding} // 0, esm_class => $c->{header} ? 0x40 : 0,
                short_message => pack('H*', $c->{header} // '') . $octets,
            ],
        });
    },
    enquire => sub { $asked{ $session->enquire_link(async => 1) } = sub { say_event(event => 'alive', status => $_[0]{status}) } },
    unbind  => sub { $asked{ $session->unbind(async => 1) } = sub { say_event(event => 'unbound', status => $_[0]{status}) } },
    drop    => sub { shutdown $session, 2 },
);

# read_one takes one PDU; false at the end of the connection.
sub read_one {
    my $pdu = $session->read_pdu() or return 0;
    my ($command, %seq) = ($pdu->{cmd}, seq => $pdu->{seq});
    if ($command & 0x80000000) {
        my $answered = delete $asked{ $pdu->{seq} };
        $answered->($pdu) if $answered;
    } elsif (my $kind = $bound{$command}) {
        my $respond = "${kind}_resp";
        if ($pdu->{password} eq 'wrong') {
            $session->$respond(%seq, status => 0x0E, system_id => '');
            return 0;
        }
        $session->$respond(%seq, system_id => 'Net-SMPP');
        say_event(event => 'bound', kind => $kind, system_id => $pdu->{system_id});
        give($unanswered{$_}) for sort { $a <=> $b } keys %unanswered;
    } elsif ($command == 0x4) {
        submitted($pdu);
    } elsif ($command == 0x15) {
        $session->enquire_link_resp(%seq);
    } elsif ($command == 0x6) {
        say_event(event => 'unbind');
        $session->unbind_resp(%seq);
        return 0;
    }
    return 1;
}

say_event(event => 'listening', port => $server->sockport);
my $lines = '';
while (1) {
    for my $ready (IO::Select->new(\*STDIN, $server, $session // ())->can_read()) {
        if ($ready == $server) {
            $session = $server->accept();
            %asked = ();
        } elsif (defined $session && $ready == $session) {
            next if read_one();
            $session->close();
            undef $session;
            say_event(event => 'closed');
        } else {
            sysread(STDIN, $lines, 65536, length $lines) or exit 0;    # the test has ended
            while ($lines =~ s/^(.*)\n//) {
                my $c = $json->decode($1);
                $commands{ $c->{do} }->($c);
            }
        }
        last;
    }
}
