//! `werk_lahnberg.csv`: what a German Excel saves: semicolons, Windows-1252, CRLF, decimal commas.

const TABLE: &str = "\
Inventar-Nr.;Standort;Halle;Gerätetyp;Hersteller;Typenbezeichnung;Bestell-Nr.;FW-Stand;Seriennummer;IP-Adresse;Anschaffung (€);Inbetriebnahme;Bemerkung;
LB-0101;Werk Lahnberg;Halle 1;SPS;Siemens;CPU 1513-1 PN;6ES7513-1AL01-0AB0;V2.9.4;S C-K1B200112018;10.20.1.11;1.894,50;12.03.2018;Presse 1;
LB-0102;Werk Lahnberg;Halle 1;SPS;Siemens;CPU 1513-1 PN;6ES7513-1AL02-0AB0;V2.9.7;S C-N2D401182022;10.20.1.12;2.010,00;04.05.2022;Presse 2;
LB-0103;Werk Lahnberg;Halle 1;SPS;Siemens;CPU 1513-1 PN;6ES7 513-1AL00-0AB0;V1.8.5;;10.20.1.13;1.760,00;08.11.2014;Presse 3, Ersatz geplant;
LB-0104;Werk Lahnberg;Halle 2;SPS;Siemens;CPU 1212C AC/DC/Rly;6ES7212-1BE40-0XB0;V 4.2.3;;10.20.2.21;298,90;17.06.2016;Förderband;
LB-0105;Werk Lahnberg;Halle 2;SPS;Siemens;CPU 1215C DC/DC/DC;6ES7215-1AG40-0XB0;V4.5.0;;10.20.2.22;612,00;02.02.2021;Palettierer;
LB-0106;Werk Lahnberg;Halle 2;SPS;Siemens;CPU 315-2 PN/DP;6ES7315-2EH14-0AB0;V3.2.8;;10.20.2.23;1.640,00;21.09.2012;Altanlage, läuft weiter;
LB-0107;Werk Lahnberg;Halle 2;SPS;Siemens;CPU 1512SP-1 PN;6ES7512-1DK01-0AB0;unbekannt;;10.20.2.24;1.122,00;30.01.2019;Schaltschrank verschlossen;
LB-0201;Werk Lahnberg;Energiezentrale;Messgerät;Siemens;SENTRON PAC4200;7KM4212-0BA00-3AA0;V2.0.2;LQN/120923111;10.20.9.31;745,00;14.10.2013;Trafo 1;
LB-0202;Werk Lahnberg;Energiezentrale;Messgerät;Siemens;SENTRON PAC3200;7KM2112-0BA00-3AA0;V2.4.7;LQN/141103077;10.20.9.32;486,00;14.10.2014;Trafo 2;
LB-0203;Werk Lahnberg;Energiezentrale;Messgerät;Janitza;UMG 96RM-E;52.22.062;3.102;7005-0416;10.20.9.33;512,30;09.04.2019;;
LB-0204;Werk Lahnberg;Energiezentrale;Messgerät;Schneider Electric;PowerLogic PM8240;METSEPM8240;003.001.000;MW-1711A033-02;10.20.9.34;1.980,00;22.08.2018;Übergabe;
LB-0205;Werk Lahnberg;Energiezentrale;Messgerät;Muster Messtechnik;EM300;;2.3.0;0815;10.20.9.35;149,00;01.03.2025;Versuchsgerät;
LB-0206;Werk Lahnberg;Energiezentrale;Messgerät;Muster Messtechnik;EM310;;1.0.4;0816;10.20.9.36;139,00;01.03.2025;Versuchsgerät;
LB-0301;Werk Lahnberg;Halle 3;Umrichter;Siemens;SINAMICS SL150 V4.7 (Control Unit);;V4.7 HF30;;10.20.3.41;84.300,00;11.07.2015;Walzwerk;
LB-0302;Werk Lahnberg;Halle 3;Umrichter;Siemens;SINAMICS SL150 V4.7 (Control Unit);;V4.7 HF33;;10.20.3.42;84.300,00;11.07.2015;Walzwerk;
LB-0303;Werk Lahnberg;Halle 3;Umrichter;Danfoss;VLT FC-302;131B1234;7.62;012345G149;10.20.3.43;3.450,00;19.05.2017;;
LB-0304;Werk Lahnberg;Halle 3;Umrichter;Siemens;SINAMICS G120 CU240E-2 PN;6SL3244-0BB12-1FA0;V4.7 SP10 HF5;;10.20.3.44;612,00;03.12.2018;;
LB-0401;Werk Lahnberg;Halle 1;Switch;Moxa;EDS-G508E;EDS-G508E;6.0;TAFGA1012345;10.20.1.2;1.190,00;27.02.2019;;
LB-0402;Werk Lahnberg;Halle 2;Switch;Moxa;EDS-G512E-8PoE-4GSFP;EDS-G512E-8PoE-4GSFP;V6.3;TAFGA1018765;10.20.2.2;2.640,00;15.03.2021;;
LB-0403;Werk Lahnberg;Halle 3;Switch;Hirschmann;RSP25;942053004;07.0.02;942053004010101;10.20.3.2;1.870,00;15.03.2017;;
LB-0404;Werk Lahnberg;Halle 3;Switch;Phoenix Contact;FL SWITCH 2208;2702327;2.90;;10.20.3.3;389,00;06.06.2020;Ersatz;
LB-0501;Werk Lahnberg;Halle 2;Koppler;WAGO;750-352;750-352;FW10;;10.20.2.51;268,00;23.01.2015;;
LB-0502;Werk Lahnberg;Halle 2;Koppler;WAGO;750-352/000-001;750-352/000-001;FW14;;10.20.2.52;268,00;23.01.2020;;
LB-0503;Werk Lahnberg;Halle 2;Steuerung;WAGO;PFC200 750-8212;750-8212;03.05.10(17);;10.20.2.53;780,00;11.11.2020;;
LB-0601;Werk Lahnberg;Warte;USV;APC;Smart-UPS 3000 mit AP9630;SMT3000RMI2U;NMC2 6.5.6;;10.20.8.61;1.540,00;05.05.2016;;
LB-0602;Werk Lahnberg;Warte;USV;APC;Smart-UPS 1500 mit AP9641;SMT1500RMI2UC;NMC3 2.2.0.6;;10.20.8.62;1.120,00;05.05.2022;;
LB-0701;Werk Lahnberg;Umspannstation;Schutzgerät;Siemens;SIPROTEC 4 7SJ64;7SJ6421-5EB21-1FE0/EE;V4.92;BF0801512345;10.20.7.71;4.980,00;18.10.2009;EN100 IEC 61850 V4.33;
LB-0702;Werk Lahnberg;Umspannstation;Schutzgerät;Siemens;SIPROTEC 4 7SJ62;7SJ6225-5EB32-3HK0;V4.70;;;3.950,00;18.10.2009;ohne Ethernet;
LB-0703;Werk Lahnberg;Umspannstation;Schutzgerät;Hitachi Energy;REF650;;1.3;;10.20.7.73;4.100,00;25.09.2014;;
LB-0801;Werk Lahnberg;Halle 1;Bedienpult;Rockwell Automation;PanelView 5510;2715P-T12WD-B;4.001;;10.20.1.81;2.960,00;14.01.2019;Baudatum nicht bekannt;
LB-0802;Werk Lahnberg;Halle 1;Bedienpult;Siemens;TP1200 Comfort;6AV2124-0MC01-0AX0;V16 Update 2;;10.20.1.82;2.310,00;14.01.2020;;
LB-0999;Werk Lahnberg;Lager;;k. A.;;;?;;;;;Typenschild unleserlich;
";

/// The file as bytes in Windows-1252 with CRLF.
pub fn csv() -> Vec<u8> {
    let (bytes, _, _) = encoding_rs::WINDOWS_1252.encode(TABLE);
    let text_lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    text_lines.flat_map(|line| line.iter().copied().chain(*b"\r\n")).collect()
}
