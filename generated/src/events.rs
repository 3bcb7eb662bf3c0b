use actwright_runtime::{Uuid,Timestamp,Value,Date,Update};use actwright_runtime::decode::{Record,Reader,Decode,Node,Enumeration};use actwright_runtime::spec::{Field,Type,Text,List,Item};
use actwright_runtime::Event;
#[derive(Debug,Clone,Copy,PartialEq,Eq)] pub enum Channel{Email,Phone,Meeting,Note,Other}
impl Channel{pub fn as_str(self)->&'static str{match self{Self::Email=>"email",Self::Phone=>"phone",Self::Meeting=>"meeting",Self::Note=>"note",Self::Other=>"other"}}}
impl Enumeration for Channel{const VALUES:&'static [Self]=&[Self::Email,Self::Phone,Self::Meeting,Self::Note,Self::Other];const NAMES:&'static [&'static str]=&["email","phone","meeting","note","other"];}
impl Decode for Channel{fn decode(node:Node<'_>)->Self{actwright_runtime::decode::enumeration(node)}}
impl serde::Serialize for Channel{fn serialize<S:serde::Serializer>(&self,s:S)->Result<S::Ok,S::Error>{s.serialize_str(self.as_str())}}
#[derive(Debug,Clone,PartialEq,serde::Serialize)]#[serde(rename_all="camelCase")] pub struct InteractionLogged{pub interaction_id:Uuid,pub client_id:Uuid,#[serde(skip_serializing_if="Option::is_none")]pub contact_id:Option<Uuid>,pub interaction_type:String,pub channel:Channel,pub interaction_occurred_at:Timestamp,pub logged_by_user_id:Uuid,pub subject:String,#[serde(skip_serializing_if="Option::is_none")]pub outcome:Option<String>,}
impl Event for InteractionLogged{const NAME:&'static str="INTERACTION_LOGGED";fn key(&self)->String{format!("interaction_logged:{}",self.interaction_id)}}
