package main

import (
	"slices"
	"testing"
)

func TestTheDemosSoftphonesRingWhereTheEnvironmentSays(t *testing.T) {
	c, err := loadConfig("../../config.yaml", []string{"CANHGIAC_VOICE_SIP_LISTEN=udp://127.0.0.1:5999"}, withSoftphones)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(c.Voice.SIP.Listen, []string{"udp://127.0.0.1:5999"}) || len(c.Voice.SIP.Trunks) != 1 {
		t.Errorf("%+v", c.Voice.SIP)
	}
}
