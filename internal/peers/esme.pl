# An ESME of Net::SMPP that binds to 127.0.0.1:PORT (the first argument), steered by JSON lines as esme.js is; it knows "send".
use strict;
use warnings;
use Encode qw(decode encode);
use IO::Select;
use JSON::PP;
use Net::SMPP;

$| = 1;
$SIG{PIPE} = 'IGNORE';
$SIG{__WARN__} = sub { };    # the library warns of each end of a connection

my ($port, $password) = @ARGV;
my $json = JSON::PP->new->utf8->canonical;
sub say_event { print $json->encode({@_}), "\n" }

my $smpp;
my %unanswered;    # the parts, by the order in which they were made
my %by_sequence;   # on this link
my %by_id;         # the part that the SMSC gave this id
my %waiting;       # texts that come in parts
my ($made, $reference) = (0, 0);

sub connect_smsc {
    while (1) {
        my $resp;
        ($smpp, $resp) = Net::SMPP->new_transceiver('127.0.0.1', port => $port, system_id => 'perl', password => $password,
            interface_version => 0x34, timeout => 5);
        last if defined $smpp && defined $resp && $resp->{status} == 0;
        select undef, undef, undef, 0.02;
    }
    %by_sequence = ();
    say_event(event => 'bound', status => 0);
    submit($unanswered{$_}) for sort { $a <=> $b } keys %unanswered;
}

# At most 140 octets of UTF-16, or 134 in each of several parts; never half of a surrogate pair.
sub split_text {
    my ($text) = @_;
    return { coding => 0, octets => $text } if $text =~ /^[A-Za-z0-9 .,:!?]{0,160}$/;
    my $octets = encode('UTF-16BE', $text);
    return { coding => 8, octets => $octets } if length $octets <= 140;
    my @parts;
    while (length $octets) {
        my $n = length $octets > 134 ? 134 : length $octets;
        $n -= 2 if ord(substr $octets, $n - 2, 1) >> 2 == 0x36;
        push @parts, { coding => 8, octets => substr($octets, 0, $n, '') };
    }
    $reference++;
    $parts[$_]{header} = pack 'C6', 5, 0, 3, $reference, scalar @parts, $_ + 1 for 0 .. $#parts;
    return @parts;
}

sub submit {
    my ($part) = @_;
    my $seq = $smpp->submit_sm(
        async => 1, source_addr => $part->{source}, dest_addr_ton => 1, dest_addr_npi => 1, destination_addr => $part->{dest},
        esm_class => defined $part->{header} ? 0x40 : 0, registered_delivery => 1, data_coding => $part->{coding},
        short_message => ($part->{header} // '') . $part->{octets});
    $by_sequence{$seq} = $part;
}

sub send_text {
    my ($c) = @_;
    my %message = (key => $c->{key}, left => 0);
    for my $part (split_text($c->{text})) {
        @$part{qw(source dest message number)} = ($c->{source}, $c->{dest}, \%message, ++$made);
        $message{left}++;
        $unanswered{$made} = $part;
        submit($part);
    }
}

sub deliver {
    my ($pdu) = @_;
    if (($pdu->{esm_class} & 0x3c) == 4) {
        (my $id = $pdu->{receipted_message_id}) =~ s/\0.*//s;
        my $part = $by_id{$id} or return say_event(event => 'unmatched', id => $id);
        return if $part->{done}++;
        say_event(event => 'delivered', key => $part->{message}{key}) if --$part->{message}{left} == 0 && ord $pdu->{message_state} == 2;
        return;
    }
    my ($octets, $key, $total, $seq) = ($pdu->{short_message}, '', 1, 1);
    if ($pdu->{esm_class} & 0x40) {
        my $header = substr $octets, 0, 1 + ord $octets, '';
        my ($ie, $length) = unpack 'xCC', $header;
        ($total, $seq) = unpack 'CC', substr $header, -2;
        $key = join '/', $pdu->{source_addr}, unpack 'H*', substr $header, 3, $length - 2;
    }
    $waiting{$key}{$seq} = $octets;
    return if keys %{ $waiting{$key} } < $total;
    my $parts = delete $waiting{$key};
    my $all = join '', map { $parts->{$_} } 1 .. $total;
    say_event(event => 'message', source => $pdu->{source_addr}, dest => $pdu->{destination_addr},
        text => $pdu->{data_coding} == 8 ? decode('UTF-16BE', $all) : $all);
}

# read_one takes one PDU; false at the end of the connection.
sub read_one {
    my $pdu = $smpp->read_pdu() or return 0;
    my $command = $pdu->{cmd};
    if ($command == 0x80000004) {
        my $part = delete $by_sequence{ $pdu->{seq} } or return 1;
        delete $unanswered{ $part->{number} };
        $by_id{ $pdu->{message_id} } = $part if $pdu->{status} == 0;
        say_event(event => 'refused', key => $part->{message}{key}, status => $pdu->{status}) if $pdu->{status} != 0;
    } elsif ($command == 5) {
        deliver($pdu);
        $smpp->deliver_sm_resp(seq => $pdu->{seq}, message_id => '');
    } elsif ($command == 0x15) {
        $smpp->enquire_link_resp(seq => $pdu->{seq});
    } elsif ($command == 6) {
        $smpp->unbind_resp(seq => $pdu->{seq});
    }
    return 1;
}

connect_smsc();
my $lines = '';
while (1) {
    for my $ready (IO::Select->new(\*STDIN, $smpp)->can_read()) {
        if ($ready != $smpp) {
            sysread(STDIN, $lines, 65536, length $lines) or exit 0;    # the test has ended
            send_text($json->decode($1)) while $lines =~ s/^(.*)\n//;
        } elsif (!read_one()) {
            say_event(event => 'closed');
            $smpp->close();
            connect_smsc();
            last;
        }
    }
}
