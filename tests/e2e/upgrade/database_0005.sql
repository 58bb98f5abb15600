BEGIN TRANSACTION;
CREATE TABLE accounts (
	id TEXT NOT NULL, 
	email TEXT NOT NULL, 
	mailbox TEXT NOT NULL, 
	password_hash TEXT, 
	created_at DATETIME NOT NULL, 
	CONSTRAINT pk_accounts PRIMARY KEY (id)
);
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0005');
CREATE TABLE api_keys (
	position INTEGER NOT NULL, 
	id TEXT NOT NULL, 
	name TEXT NOT NULL, 
	digest TEXT NOT NULL, 
	organization_id TEXT, 
	role TEXT NOT NULL, 
	created_at DATETIME NOT NULL, 
	created_by TEXT NOT NULL, 
	revoked_at DATETIME, 
	CONSTRAINT pk_api_keys PRIMARY KEY (position), 
	CONSTRAINT uq_api_keys_id UNIQUE (id), 
	CONSTRAINT uq_api_keys_digest UNIQUE (digest), 
	CONSTRAINT fk_api_keys_organization_id FOREIGN KEY(organization_id) REFERENCES organizations (id)
);
CREATE TABLE audit_entries (
	position INTEGER NOT NULL, 
	done_at DATETIME NOT NULL, 
	done_by TEXT NOT NULL, 
	action TEXT NOT NULL, 
	organization_id TEXT, 
	what TEXT NOT NULL, 
	CONSTRAINT pk_audit_entries PRIMARY KEY (position)
);
INSERT INTO "audit_entries" VALUES(1,'2026-11-30 03:15:56.597409','command line','organization_added','nfgcmrmuismb','Acme');
INSERT INTO "audit_entries" VALUES(2,'2026-11-30 03:15:56.606158','command line','connected','nfgcmrmuismb','Acme');
INSERT INTO "audit_entries" VALUES(3,'2026-11-30 03:15:56.631270','command line','mapped','nfgcmrmuismb','Upgrade Conf > Upgrade Conf');
INSERT INTO "audit_entries" VALUES(4,'2026-11-30 03:15:56.632869','command line','sync_requested','nfgcmrmuismb','Upgrade Conf > Upgrade Conf (all)');
INSERT INTO "audit_entries" VALUES(5,'2026-11-30 03:15:56.723122','command line','sync_requested','nfgcmrmuismb','Upgrade Conf > Upgrade Conf (all)');
CREATE TABLE checkpoints (
	mapping_id TEXT NOT NULL, 
	run_id TEXT NOT NULL, 
	read_at DATETIME NOT NULL, 
	until DATETIME NOT NULL, 
	digest TEXT NOT NULL, 
	has_many BOOLEAN NOT NULL, 
	outcomes TEXT NOT NULL, 
	CONSTRAINT pk_checkpoints PRIMARY KEY (mapping_id), 
	CONSTRAINT fk_checkpoints_mapping_id FOREIGN KEY(mapping_id) REFERENCES event_mappings (id), 
	CONSTRAINT fk_checkpoints_run_id FOREIGN KEY(run_id) REFERENCES sync_runs (id)
);
INSERT INTO "checkpoints" VALUES('gxyers4h6twt','zsarim6yw6y4','2026-11-30 03:15:56.732559','2026-11-30 09:15:56.732559','25014f8f5209b484941c682b45687a38',0,'6de81b80f6d6aca5');
CREATE TABLE connections (
	id TEXT NOT NULL, 
	organization_id TEXT NOT NULL, 
	sealed_token TEXT, 
	token_hint TEXT NOT NULL, 
	opened_at DATETIME NOT NULL, 
	ended_at DATETIME, continuous_sync BOOLEAN DEFAULT 0 NOT NULL, 
	CONSTRAINT pk_connections PRIMARY KEY (id), 
	CONSTRAINT fk_connections_organization_id FOREIGN KEY(organization_id) REFERENCES organizations (id)
);
INSERT INTO "connections" VALUES('zvyeinm8922t','nfgcmrmuismb','gAAAAABrDOps038pBNB4wcXgCarUZ5X2r8h0MwD7E27kJqqzPzrc9FdCKvpztIwVPLzZsHaAByoZ4iChY-mXWDzcnu8szOiizI0RTzP4x2mGR1VzT_2UFnY=','oken','2026-11-30 03:15:56.606158',NULL,0);
CREATE TABLE event_mappings (
	position INTEGER NOT NULL, 
	id TEXT NOT NULL, 
	organization_id TEXT NOT NULL, 
	connection_id TEXT NOT NULL, 
	sessionboard_url TEXT NOT NULL, 
	sessionboard_id TEXT NOT NULL, 
	sessionboard_name TEXT NOT NULL, 
	gleanin_id TEXT NOT NULL, 
	gleanin_name TEXT NOT NULL, 
	created_at DATETIME NOT NULL, 
	tracks TEXT NOT NULL, 
	chairpersons BOOLEAN NOT NULL, 
	moderators BOOLEAN NOT NULL, 
	exhibitor_name TEXT NOT NULL, 
	confirmed_time_zone TEXT, 
	written BOOLEAN NOT NULL, 
	removed_at DATETIME, 
	connection_ended BOOLEAN NOT NULL, 
	holds_events BOOLEAN NOT NULL, continuous_sync BOOLEAN DEFAULT 0 NOT NULL, time_zone TEXT, 
	CONSTRAINT pk_event_mappings PRIMARY KEY (position), 
	CONSTRAINT uq_event_mappings_id UNIQUE (id), 
	CONSTRAINT fk_event_mappings_organization_id FOREIGN KEY(organization_id) REFERENCES organizations (id), 
	CONSTRAINT fk_event_mappings_connection_id FOREIGN KEY(connection_id) REFERENCES connections (id)
);
INSERT INTO "event_mappings" VALUES(1,'gxyers4h6twt','nfgcmrmuismb','zvyeinm8922t','{sandbox}/sessionboard','4100','Upgrade Conf','11846','Upgrade Conf','2026-11-30 03:15:56.630265','track',1,1,'contact','Europe/Lisbon',1,NULL,0,1,0,'Europe/Lisbon');
CREATE TABLE grants (
	account_id TEXT NOT NULL, 
	organization_id TEXT, 
	role TEXT NOT NULL, 
	CONSTRAINT fk_grants_account_id FOREIGN KEY(account_id) REFERENCES accounts (id), 
	CONSTRAINT fk_grants_organization_id FOREIGN KEY(organization_id) REFERENCES organizations (id)
);
CREATE TABLE notices (
	position INTEGER NOT NULL, 
	id TEXT NOT NULL, 
	organization_id TEXT NOT NULL, 
	mapping_id TEXT NOT NULL, 
	run_id TEXT NOT NULL, 
	changed_at DATETIME NOT NULL, 
	change TEXT NOT NULL, 
	sentence TEXT NOT NULL, 
	state TEXT NOT NULL, 
	attempts INTEGER NOT NULL, 
	next_attempt_at DATETIME, 
	problem TEXT NOT NULL, 
	CONSTRAINT pk_notices PRIMARY KEY (position), 
	CONSTRAINT uq_notices_id UNIQUE (id), 
	CONSTRAINT fk_notices_organization_id FOREIGN KEY(organization_id) REFERENCES organizations (id), 
	CONSTRAINT fk_notices_mapping_id FOREIGN KEY(mapping_id) REFERENCES event_mappings (id)
);
CREATE TABLE organizations (
	id TEXT NOT NULL, 
	name TEXT NOT NULL, 
	name_folded TEXT NOT NULL, 
	sessionboard_url TEXT NOT NULL, 
	sealed_token TEXT NOT NULL, removed_at DATETIME, 
	CONSTRAINT pk_organizations PRIMARY KEY (id)
);
INSERT INTO "organizations" VALUES('nfgcmrmuismb','Acme','acme','{sandbox}/sessionboard','gAAAAABrDOpsnI26i5lm1sPJtXjg5t2kO3Vzuh1Vd8NBAZHSLcjp-ay0vpGlA246E421oDD9PJI0JOBbGAutN4TU2Ilv-GoFOtyFT5P9akzVUpnOlEbMWYI=',NULL);
CREATE TABLE portal_revocations (
	organization_id TEXT NOT NULL, 
	gleanin_event_id TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	source_id TEXT NOT NULL, 
	revoked_at DATETIME NOT NULL, 
	CONSTRAINT pk_portal_revocations PRIMARY KEY (organization_id, gleanin_event_id, kind, source_id), 
	CONSTRAINT fk_portal_revocations_organization_id FOREIGN KEY(organization_id) REFERENCES organizations (id)
);
CREATE TABLE recipients (
	organization_id TEXT NOT NULL, 
	channel TEXT NOT NULL, 
	address TEXT NOT NULL, 
	sealed_secret TEXT, 
	CONSTRAINT pk_recipients PRIMARY KEY (organization_id), 
	CONSTRAINT fk_recipients_organization_id FOREIGN KEY(organization_id) REFERENCES organizations (id)
);
CREATE TABLE record_outcomes (
	position INTEGER NOT NULL, 
	run_id TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	source_id TEXT NOT NULL, 
	label TEXT NOT NULL, 
	email TEXT, 
	mailbox TEXT, 
	outcome TEXT NOT NULL, 
	reason_code TEXT NOT NULL, 
	reason_sentence TEXT NOT NULL, 
	reason_detail TEXT NOT NULL, 
	gleanin_id TEXT, 
	CONSTRAINT pk_record_outcomes PRIMARY KEY (position), 
	CONSTRAINT uq_record_outcomes_run_id_kind_source_id UNIQUE (run_id, kind, source_id), 
	CONSTRAINT fk_record_outcomes_run_id FOREIGN KEY(run_id) REFERENCES sync_runs (id)
);
INSERT INTO "record_outcomes" VALUES(1,'y5fazt752w7s','session','session-1','  Opening​  ',NULL,NULL,'created','new','New in Sessionboard.','','500001');
INSERT INTO "record_outcomes" VALUES(2,'y5fazt752w7s','session','session-2','Talk 2',NULL,NULL,'created','new','New in Sessionboard.','','500002');
INSERT INTO "record_outcomes" VALUES(3,'y5fazt752w7s','session','session-3','Talk 3',NULL,NULL,'created','new','New in Sessionboard.','','500003');
INSERT INTO "record_outcomes" VALUES(4,'y5fazt752w7s','session','session-4','Zero‍Width 👩‍💻',NULL,NULL,'created','new','New in Sessionboard.','','500004');
INSERT INTO "record_outcomes" VALUES(5,'y5fazt752w7s','session','session-5','Talk 5',NULL,NULL,'created','new','New in Sessionboard.','','500005');
INSERT INTO "record_outcomes" VALUES(6,'y5fazt752w7s','speaker','person-1','Ada​ Love­lace','person1@example.org','person1@example.org','created','new','New in Sessionboard.','','500006');
INSERT INTO "record_outcomes" VALUES(7,'y5fazt752w7s','speaker','person-2','José Müller','person2@example.org','person2@example.org','created','new','New in Sessionboard.','','500007');
INSERT INTO "record_outcomes" VALUES(8,'y5fazt752w7s','speaker','person-3','Grace Hopper','Grace.Hopper@Example.ORG','grace.hopper@example.org','created','new','New in Sessionboard.','','500008');
INSERT INTO "record_outcomes" VALUES(9,'y5fazt752w7s','speaker','person-4','Linus Lovelace','linus@bücher.example','linus@bücher.example','created','new','New in Sessionboard.','','500009');
INSERT INTO "record_outcomes" VALUES(10,'y5fazt752w7s','speaker','person-5','Rel Lovelace','person5@example.org','person5@example.org','created','new','New in Sessionboard.','','500010');
INSERT INTO "record_outcomes" VALUES(11,'y5fazt752w7s','speaker','person-6','No Lovelace','person6@example.org','person6@example.org','created','new','New in Sessionboard.','','500011');
INSERT INTO "record_outcomes" VALUES(12,'y5fazt752w7s','speaker','person-7','می‌خواهم 👩‍💻','person7@example.org','person7@example.org','created','new','New in Sessionboard.','','500012');
INSERT INTO "record_outcomes" VALUES(13,'y5fazt752w7s','speaker','person-8','Controlled Tab	bed','person8@example.org','person8@example.org','created','new','New in Sessionboard.','','500013');
INSERT INTO "record_outcomes" VALUES(14,'y5fazt752w7s','speaker','person-9','Data Lovelace','person9@example.org','person9@example.org','created','new','New in Sessionboard.','','500014');
INSERT INTO "record_outcomes" VALUES(15,'y5fazt752w7s','speaker','person-10','Ada Lovelace','person10@example.org','person10@example.org','created','new','New in Sessionboard.','','500015');
INSERT INTO "record_outcomes" VALUES(16,'y5fazt752w7s','exhibitor_contact','contact-1','Wile­ E.','wile@acme.example.org','wile@acme.example.org','created','new','New in Sessionboard.','','500016');
INSERT INTO "record_outcomes" VALUES(17,'y5fazt752w7s','exhibitor_contact','contact-2','Road Runner','Road@ACME.example.org','road@acme.example.org','created','new','New in Sessionboard.','','500017');
INSERT INTO "record_outcomes" VALUES(18,'zsarim6yw6y4','session','session-1','  Opening​  ',NULL,NULL,'unchanged','same','Nothing has changed since it was last sent.','','500001');
INSERT INTO "record_outcomes" VALUES(19,'zsarim6yw6y4','session','session-2','Talk 2',NULL,NULL,'unchanged','same','Nothing has changed since it was last sent.','','500002');
INSERT INTO "record_outcomes" VALUES(20,'zsarim6yw6y4','session','session-3','Talk 3',NULL,NULL,'unchanged','same','Nothing has changed since it was last sent.','','500003');
INSERT INTO "record_outcomes" VALUES(21,'zsarim6yw6y4','session','session-4','Zero‍Width 👩‍💻',NULL,NULL,'unchanged','same','Nothing has changed since it was last sent.','','500004');
INSERT INTO "record_outcomes" VALUES(22,'zsarim6yw6y4','session','session-5','Talk 5',NULL,NULL,'unchanged','same','Nothing has changed since it was last sent.','','500005');
INSERT INTO "record_outcomes" VALUES(23,'zsarim6yw6y4','speaker','person-1','Ada​ Love­lace','person1@example.org','person1@example.org','unchanged','same','Nothing has changed since it was last sent.','','500006');
INSERT INTO "record_outcomes" VALUES(24,'zsarim6yw6y4','speaker','person-2','José Müller','person2@example.org','person2@example.org','unchanged','same','Nothing has changed since it was last sent.','','500007');
INSERT INTO "record_outcomes" VALUES(25,'zsarim6yw6y4','speaker','person-3','Grace Hopper','Grace.Hopper@Example.ORG','grace.hopper@example.org','unchanged','same','Nothing has changed since it was last sent.','','500008');
INSERT INTO "record_outcomes" VALUES(26,'zsarim6yw6y4','speaker','person-4','Linus Lovelace','linus@bücher.example','linus@bücher.example','unchanged','same','Nothing has changed since it was last sent.','','500009');
INSERT INTO "record_outcomes" VALUES(27,'zsarim6yw6y4','speaker','person-5','Rel Lovelace','person5@example.org','person5@example.org','unchanged','same','Nothing has changed since it was last sent.','','500010');
INSERT INTO "record_outcomes" VALUES(28,'zsarim6yw6y4','speaker','person-6','No Lovelace','person6@example.org','person6@example.org','unchanged','same','Nothing has changed since it was last sent.','','500011');
INSERT INTO "record_outcomes" VALUES(29,'zsarim6yw6y4','speaker','person-7','می‌خواهم 👩‍💻','person7@example.org','person7@example.org','unchanged','same','Nothing has changed since it was last sent.','','500012');
INSERT INTO "record_outcomes" VALUES(30,'zsarim6yw6y4','speaker','person-8','Controlled Tab	bed','person8@example.org','person8@example.org','unchanged','same','Nothing has changed since it was last sent.','','500013');
INSERT INTO "record_outcomes" VALUES(31,'zsarim6yw6y4','speaker','person-9','Data Lovelace','person9@example.org','person9@example.org','unchanged','same','Nothing has changed since it was last sent.','','500014');
INSERT INTO "record_outcomes" VALUES(32,'zsarim6yw6y4','speaker','person-10','Ada Lovelace','person10@example.org','person10@example.org','unchanged','same','Nothing has changed since it was last sent.','','500015');
INSERT INTO "record_outcomes" VALUES(33,'zsarim6yw6y4','exhibitor_contact','contact-1','Wile­ E.','wile@acme.example.org','wile@acme.example.org','unchanged','same','Nothing has changed since it was last sent.','','500016');
INSERT INTO "record_outcomes" VALUES(34,'zsarim6yw6y4','exhibitor_contact','contact-2','Road Runner','Road@ACME.example.org','road@acme.example.org','unchanged','same','Nothing has changed since it was last sent.','','500017');
CREATE TABLE run_bookings (
	mapping_id TEXT NOT NULL, 
	request_key TEXT NOT NULL, 
	run_id TEXT NOT NULL, 
	CONSTRAINT pk_run_bookings PRIMARY KEY (mapping_id, request_key), 
	CONSTRAINT fk_run_bookings_mapping_id FOREIGN KEY(mapping_id) REFERENCES event_mappings (id), 
	CONSTRAINT fk_run_bookings_run_id FOREIGN KEY(run_id) REFERENCES sync_runs (id)
);
CREATE TABLE schedules (
	mapping_id TEXT NOT NULL, 
	due_at DATETIME NOT NULL, 
	failures INTEGER NOT NULL, 
	is_halted BOOLEAN NOT NULL, hinted_at DATETIME, has_failed BOOLEAN DEFAULT 0 NOT NULL, 
	CONSTRAINT pk_schedules PRIMARY KEY (mapping_id), 
	CONSTRAINT fk_schedules_mapping_id FOREIGN KEY(mapping_id) REFERENCES event_mappings (id)
);
INSERT INTO "schedules" VALUES('gxyers4h6twt','2026-11-30 03:43:48.960735',0,0,NULL,0);
CREATE TABLE sign_in_attempts (
	subject TEXT NOT NULL, 
	failures INTEGER NOT NULL, 
	last_at DATETIME, 
	CONSTRAINT pk_sign_in_attempts PRIMARY KEY (subject)
);
CREATE TABLE sign_ins (
	digest TEXT NOT NULL, 
	account_id TEXT NOT NULL, 
	started_at DATETIME NOT NULL, 
	CONSTRAINT pk_sign_ins PRIMARY KEY (digest), 
	CONSTRAINT fk_sign_ins_account_id FOREIGN KEY(account_id) REFERENCES accounts (id)
);
CREATE TABLE sync_runs (
	position INTEGER NOT NULL, 
	id TEXT NOT NULL, 
	mapping_id TEXT NOT NULL, 
	"trigger" TEXT NOT NULL, 
	scope TEXT NOT NULL, 
	requested_at DATETIME NOT NULL, 
	state TEXT NOT NULL, 
	owner TEXT, 
	lease_until DATETIME, 
	stop_asked TEXT, 
	started_at DATETIME, 
	finished_at DATETIME, 
	stop_code TEXT, 
	stop_by TEXT, 
	stop_sentence TEXT, 
	message TEXT NOT NULL, 
	counts TEXT NOT NULL, 
	progress TEXT NOT NULL, requested_by TEXT DEFAULT '' NOT NULL, paused_until DATETIME, slices_in_vain INTEGER DEFAULT '0' NOT NULL, confirms TEXT, 
	CONSTRAINT pk_sync_runs PRIMARY KEY (position), 
	CONSTRAINT uq_sync_runs_id UNIQUE (id), 
	CONSTRAINT fk_sync_runs_mapping_id FOREIGN KEY(mapping_id) REFERENCES event_mappings (id)
);
INSERT INTO "sync_runs" VALUES(1,'y5fazt752w7s','gxyers4h6twt','manual','all','2026-11-30 03:15:56.632869','completed',NULL,NULL,NULL,'2026-11-30 03:15:56.639560','2026-11-30 03:15:56.718468',NULL,NULL,NULL,'Sync to Gleanin is complete. Synced: 5 sessions, 10 speakers, 2 exhibitors.','{"exhibitor_contact":{"created":2},"speaker":{"created":10},"session":{"created":5}}','{"sessions":[5,5],"speakers":[10,10],"exhibitors":[2,2]}','command line',NULL,0,NULL);
INSERT INTO "sync_runs" VALUES(2,'zsarim6yw6y4','gxyers4h6twt','manual','all','2026-11-30 03:15:56.723122','completed',NULL,NULL,NULL,'2026-11-30 03:15:56.724819','2026-11-30 03:15:56.764874',NULL,NULL,NULL,'Sync to Gleanin is complete. Synced: 5 sessions, 10 speakers, 2 exhibitors.','{"exhibitor_contact":{"unchanged":2},"speaker":{"unchanged":10},"session":{"unchanged":5}}','{"sessions":[5,5],"speakers":[10,10],"exhibitors":[2,2]}','command line',NULL,0,NULL);
CREATE TABLE synced_records (
	organization_id TEXT NOT NULL, 
	gleanin_event_id TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	source_id TEXT NOT NULL, 
	label TEXT NOT NULL, 
	gleanin_id TEXT NOT NULL, 
	connection_id TEXT NOT NULL, 
	fingerprint TEXT NOT NULL, 
	fields TEXT NOT NULL, 
	email TEXT, 
	links TEXT NOT NULL, 
	CONSTRAINT pk_synced_records PRIMARY KEY (organization_id, gleanin_event_id, kind, source_id), 
	CONSTRAINT fk_synced_records_organization_id FOREIGN KEY(organization_id) REFERENCES organizations (id), 
	CONSTRAINT fk_synced_records_connection_id FOREIGN KEY(connection_id) REFERENCES connections (id)
);
INSERT INTO "synced_records" VALUES('nfgcmrmuismb','11846','session','session-1','  Opening​  ','500001','zvyeinm8922t','8efd3d9ab12d303d539f28d06b8487d2','{"title":"Opening​","starts_at":"2099-06-01T09:00:00.000Z","ends_at":"2099-06-01T10:00:00.000Z","schedule":"10:00-11:00 Monday 1 June 2099","description":"<p>Café &amp; <b>more</b></p>\n<p> </p>"}',NULL,'[]');
INSERT INTO "synced_records" VALUES('nfgcmrmuismb','11846','session','session-2','Talk 2','500002','zvyeinm8922t','a09bbe23704ab613d245f2fbc11a707b','{"title":"Talk 2","starts_at":"2099-06-02T09:00:00.000Z","ends_at":"2099-06-02T10:00:00.000Z","schedule":"10:00-11:00 Tuesday 2 June 2099","description":"<p><img src=\"https://img.example.org/b.png?Expires=1800000000&amp;Signature=abc&amp;Key-Pair-Id=K\"> Text</p>","tracks":["Web"]}',NULL,'[]');
INSERT INTO "synced_records" VALUES('nfgcmrmuismb','11846','session','session-3','Talk 3','500003','zvyeinm8922t','4ff9984c51be3be21061df61b22a8e6c','{"title":"Talk 3","starts_at":"2099-06-03T09:00:00.000Z","ends_at":"2099-06-03T10:00:00.000Z","schedule":"10:00-11:00 Wednesday 3 June 2099","description":"<p><br></p>"}',NULL,'[]');
INSERT INTO "synced_records" VALUES('nfgcmrmuismb','11846','session','session-4','Zero‍Width 👩‍💻','500004','zvyeinm8922t','64c9f2032d0214b5d0ffa1a7a68b3880','{"title":"Zero‍Width 👩‍💻","starts_at":"2099-06-04T09:00:00.000Z","ends_at":"2099-06-04T10:00:00.000Z","schedule":"10:00-11:00 Thursday 4 June 2099"}',NULL,'[]');
INSERT INTO "synced_records" VALUES('nfgcmrmuismb','11846','session','session-5','Talk 5','500005','zvyeinm8922t','a72adb0f5f76cf7ec3e22e298829e519','{"title":"Talk 5","starts_at":"2099-06-05T09:00:00.000Z","ends_at":"2099-06-05T10:00:00.000Z","schedule":"10:00-11:00 Friday 5 June 2099"}',NULL,'[]');
INSERT INTO "synced_records" VALUES('nfgcmrmuismb','11846','speaker','person-1','Ada​ Love­lace','500006','zvyeinm8922t','fe8c7e1f15d427a0b517cb069cf7b5bc','{"first_name":"Ada​","last_name":"Love­lace","name":"Ada​ Love­lace","email":"person1@example.org","job_title":"Analyst﻿","sessions":["500001","500005"]}','person1@example.org','[["Speaker campaign","https://app.gleanin.com/share/8ff518dd63adc14ca123"]]');
INSERT INTO "synced_records" VALUES('nfgcmrmuismb','11846','speaker','person-2','José Müller','500007','zvyeinm8922t','3055590c9b152069303cad5b17066107','{"first_name":"José","last_name":"Müller","name":"José Müller","email":"person2@example.org","company_name":"Zöe & Co","sessions":["500001"]}','person2@example.org','[["Speaker campaign","https://app.gleanin.com/share/119f607cc0b6d1e58bc2"]]');
INSERT INTO "synced_records" VALUES('nfgcmrmuismb','11846','speaker','person-3','Grace Hopper','500008','zvyeinm8922t','5b874d40080586a96c314c1b1306e1f6','{"first_name":"Grace","last_name":"Hopper","name":"Grace Hopper","email":"Grace.Hopper@Example.ORG","headshot":"https://img.example.org/grace hopper/ü.png","sessions":["500001"]}','Grace.Hopper@Example.ORG','[["Speaker campaign","https://app.gleanin.com/share/84caea1f1ab718073d22"]]');
INSERT INTO "synced_records" VALUES('nfgcmrmuismb','11846','speaker','person-4','Linus Lovelace','500009','zvyeinm8922t','0bdbf7422dc034dc6ce0f18411172b6a','{"first_name":"Linus","last_name":"Lovelace","name":"Linus Lovelace","email":"linus@bücher.example","headshot":"https://img.example.org/a.png?v=2&X-Amz-Date=20270101T000000Z&X-Amz-Expires=900&X-Amz-Signature=0123456789abcdef","sessions":["500001","500002"]}','linus@bücher.example','[["Speaker campaign","https://app.gleanin.com/share/e331e46627cd18566cd1"]]');
INSERT INTO "synced_records" VALUES('nfgcmrmuismb','11846','speaker','person-5','Rel Lovelace','500010','zvyeinm8922t','5ed375eb6188ad38c66fda6caaf13421','{"first_name":"Rel","last_name":"Lovelace","name":"Rel Lovelace","email":"person5@example.org","headshot":"/pictures/rel.png","sessions":["500002"]}','person5@example.org','[["Speaker campaign","https://app.gleanin.com/share/f44f80e0af050f448e7b"]]');
INSERT INTO "synced_records" VALUES('nfgcmrmuismb','11846','speaker','person-6','No Lovelace','500011','zvyeinm8922t','3f1d299aef15e75d5283706ab0c69bdd','{"first_name":"No","last_name":"Lovelace","name":"No Lovelace","email":"person6@example.org","headshot":"n/a","sessions":["500002"]}','person6@example.org','[["Speaker campaign","https://app.gleanin.com/share/ab59a72c27f7fde84160"]]');
INSERT INTO "synced_records" VALUES('nfgcmrmuismb','11846','speaker','person-7','می‌خواهم 👩‍💻','500012','zvyeinm8922t','a15ff5ddc4bce97b8eaaa97f221797ec','{"first_name":"می‌خواهم","last_name":"👩‍💻","name":"می‌خواهم 👩‍💻","email":"person7@example.org","sessions":["500002","500003"]}','person7@example.org','[["Speaker campaign","https://app.gleanin.com/share/0e35e480dd693becdcfb"]]');
INSERT INTO "synced_records" VALUES('nfgcmrmuismb','11846','speaker','person-8','Controlled Tab	bed','500013','zvyeinm8922t','28e8d55e0a4e42818276efa18b5036d3','{"first_name":"Control\u0007led","last_name":"Tab\tbed","name":"Control\u0007led Tab\tbed","email":"person8@example.org","job_title":"Line\nbreak","sessions":["500003"]}','person8@example.org','[["Speaker campaign","https://app.gleanin.com/share/c37c3e0e205871317416"]]');
INSERT INTO "synced_records" VALUES('nfgcmrmuismb','11846','speaker','person-9','Data Lovelace','500014','zvyeinm8922t','5317344934baaa2994460c19f0c0d184','{"first_name":"Data","last_name":"Lovelace","name":"Data Lovelace","email":"person9@example.org","headshot":"data:image/png;base64,AAAA","sessions":["500003"]}','person9@example.org','[["Speaker campaign","https://app.gleanin.com/share/2e8c814079caeebfd262"]]');
INSERT INTO "synced_records" VALUES('nfgcmrmuismb','11846','speaker','person-10','Ada Lovelace','500015','zvyeinm8922t','d925db35850ff43982ec0d611d996a58','{"first_name":"Ada","last_name":"Lovelace","name":"Ada Lovelace","email":"person10@example.org","sessions":["500003"]}','person10@example.org','[["Speaker campaign","https://app.gleanin.com/share/19934ef48bde95596815"]]');
INSERT INTO "synced_records" VALUES('nfgcmrmuismb','11846','exhibitor_contact','contact-1','Wile­ E.','500016','zvyeinm8922t','a72d08a4f242517e981897336deec9df','{"company_name":"Wile­ E.","email":"wile@acme.example.org","logo":"https://img.example.org/lo go.png"}','wile@acme.example.org','[["Exhibitor campaign","https://app.gleanin.com/share/1bf339a27ef171085276"]]');
INSERT INTO "synced_records" VALUES('nfgcmrmuismb','11846','exhibitor_contact','contact-2','Road Runner','500017','zvyeinm8922t','b45c3863a6e2afeb94c2247764a21a23','{"company_name":"Road Runner","email":"Road@ACME.example.org","logo":"https://img.example.org/lo go.png"}','Road@ACME.example.org','[["Exhibitor campaign","https://app.gleanin.com/share/21f6b25c3bccf43041fa"]]');
CREATE INDEX ix_event_mappings_organization_id ON event_mappings (organization_id);
CREATE INDEX ix_event_mappings_connection_id ON event_mappings (connection_id);
CREATE INDEX ix_sync_runs_mapping_id_position ON sync_runs (mapping_id, position);
CREATE INDEX ix_record_outcomes_source_id ON record_outcomes (source_id);
CREATE INDEX ix_record_outcomes_gleanin_id ON record_outcomes (gleanin_id);
CREATE INDEX ix_record_outcomes_mailbox ON record_outcomes (mailbox);
CREATE UNIQUE INDEX one_organization_name ON organizations (name_folded);
CREATE UNIQUE INDEX one_open_connection ON connections (organization_id) WHERE ended_at IS NULL;
CREATE UNIQUE INDEX one_sessionboard_event ON event_mappings (sessionboard_url, sessionboard_id) WHERE holds_events;
CREATE UNIQUE INDEX one_gleanin_event ON event_mappings (gleanin_id) WHERE holds_events;
CREATE UNIQUE INDEX one_running_run ON sync_runs (mapping_id, state) WHERE state = 'running';
CREATE UNIQUE INDEX one_queued_run ON sync_runs (state, mapping_id) WHERE state = 'queued';
CREATE UNIQUE INDEX one_account_email ON accounts (mailbox);
CREATE UNIQUE INDEX one_grant_in_an_organization ON grants (account_id, organization_id);
CREATE UNIQUE INDEX one_grant_in_all_organizations ON grants (account_id) WHERE organization_id IS NULL;
CREATE INDEX ix_run_bookings_run_id ON run_bookings (run_id);
CREATE INDEX ix_grants_organization_id ON grants (organization_id);
CREATE INDEX ix_sign_ins_account_id ON sign_ins (account_id);
CREATE INDEX ix_sign_ins_started_at ON sign_ins (started_at);
CREATE INDEX ix_sign_in_attempts_last_at ON sign_in_attempts (last_at);
CREATE INDEX ix_api_keys_organization_id_position ON api_keys (organization_id, position);
CREATE INDEX ix_audit_entries_organization_id_position ON audit_entries (organization_id, position);
CREATE INDEX ix_schedules_due_at ON schedules (due_at);
CREATE INDEX continuous_mappings ON event_mappings (id) WHERE continuous_sync AND removed_at IS NULL AND NOT connection_ended;
CREATE INDEX ix_sync_runs_finished_at ON sync_runs (finished_at);
CREATE INDEX confirmed_runs ON sync_runs (confirms) WHERE confirms IS NOT NULL;
CREATE INDEX confirming_runs ON sync_runs (finished_at) WHERE confirms IS NOT NULL;
CREATE INDEX ix_checkpoints_run_id ON checkpoints (run_id);
CREATE INDEX ix_notices_organization_id_position ON notices (organization_id, position);
CREATE INDEX ix_notices_next_attempt_at ON notices (next_attempt_at);
CREATE INDEX ix_notices_changed_at ON notices (changed_at);
COMMIT;
